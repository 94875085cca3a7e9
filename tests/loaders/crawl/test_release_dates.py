"""Tables of known release dates into the landing."""

import duckdb
import pytest

from support import SHARED_DATA, needs_shared_data

DATES = """id,actual_release_date,notes
acme/A,2025-08-05,a day
acme/B,2025-08-05T23:30:00-02:00,a time with a zone
acme/A,2025-08-05,again
acme/C,,nothing is known
acme/D,soon,no date
,2025-08-05,nobody
"""
OPTIONS = ("--source", "list", "--released-at", "actual_release_date")


def dates(landing) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            "SELECT model_id, CAST(released_at AS VARCHAR), source "
            f"FROM '{landing}/release_dates/*.parquet' ORDER BY ALL"
        ).fetchall()


@pytest.fixture
def table(tmp_path):
    (tmp_path / "dates.csv").write_text(DATES)
    return tmp_path / "dates.csv"


def test_dates_become_midnight_and_zones_utc(command, landing, table) -> None:
    done = command("release-dates", table, *OPTIONS)
    assert done.code == 0
    assert "left out 2" in done.err, "a text that is no date and a row without an id"
    assert dates(landing) == [
        ("acme/A", "2025-08-05 00:00:00", "list"),
        ("acme/B", "2025-08-06 01:30:00", "list"),
    ]


def test_dates_that_are_there_are_replaced_on_request_only(command, landing, table) -> None:
    command("release-dates", table, *OPTIONS)
    before = (landing / "release_dates" / "list.parquet").read_bytes()
    done = command("release-dates", table, *OPTIONS)
    assert done.code == 1
    assert "already holds release dates of list" in done.err
    assert command("release-dates", table, *OPTIONS, "--replace").code == 0
    assert (landing / "release_dates" / "list.parquet").read_bytes() == before
    assert [path.name for path in (landing / "release_dates").iterdir()] == ["list.parquet"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--source", "../up", "--released-at", "notes"), 2, "--source"),
        (("--source", "list", "--released-at", "when"), 2, "no column when"),
        (("--source", "list", "--released-at", "notes"), 1, "no release dates"),
        ((*OPTIONS, "--model-id", "model"), 2, "no column model"),
    ],
)
def test_what_cannot_be_landed_is_told_in_one_line(
    command, landing, table, options, code, said
) -> None:
    done = command("release-dates", table, *options)
    assert done.code == code
    assert done.err.startswith("error: ")
    assert said in done.err
    assert not (landing / "release_dates").exists()


@needs_shared_data
@pytest.mark.parametrize(
    ("file", "source", "column", "n_dates"),
    [
        ("tracked_models_2026_08/release_date_corrections", "tracked", "actual_release_date", 40),
        ("mteb_meta_2026_10/models", "mteb", "release_date", None),
    ],
)
def test_real_tables_of_dates_land(command, landing, file, source, column, n_dates) -> None:
    path = SHARED_DATA / f"{file}.parquet"
    done = command("release-dates", path, "--source", source, "--released-at", column)
    assert done.code == 0, done.err
    landed = dates(landing)
    assert n_dates is None or len({model for model, _, _ in landed}) == n_dates
    assert len(landed) >= 40

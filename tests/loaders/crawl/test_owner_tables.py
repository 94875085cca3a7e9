"""Tables of owners into the landing."""

import duckdb
import pytest

from support import SHARED_DATA, needs_shared_data

OWNERS = """org,type,region,parent,note
acme,Company,us,Acme Holding,a day
@acme-labs,,,,nothing is known
acme,Company,us,Acme Holding,again
acme,Company,China,,another country
,Company,us,,nobody
"""


def landed(landing) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            "SELECT owner, kind, country, parent_organisation, source "
            f"FROM '{landing}/owners/*.parquet' ORDER BY ALL"
        ).fetchall()


@pytest.fixture
def table(tmp_path):
    (tmp_path / "Who is who.csv").write_text(OWNERS)
    return tmp_path / "Who is who.csv"


def test_columns_are_found_by_their_usual_names_and_words_are_kept(command, landing, table) -> None:
    done = command("owners", table)
    assert done.code == 0
    assert "left out 1 without an owner" in done.err
    assert done.out == "owners who_is_who: 3 descriptions\n"
    assert landed(landing) == [
        ("@acme-labs", None, None, None, "who_is_who"),
        ("acme", "Company", "China", None, "who_is_who"),
        ("acme", "Company", "us", "Acme Holding", "who_is_who"),
    ]


def test_a_named_column_wins_and_a_column_source_says_who_says_so(
    command, landing, tmp_path
) -> None:
    (tmp_path / "list.csv").write_text(
        "owner,lab,country,seat,source\nx,acme,us,fr,web\ny,b,us,,\n"
    )
    options = ("--owner", "lab", "--country", "seat", "--source", "mine")
    assert command("owners", tmp_path / "list.csv", *options).code == 0
    assert landed(landing) == [
        ("acme", None, "fr", None, "web"),
        ("b", None, None, None, "mine"),
    ]


def test_columns_are_known_however_they_are_written_and_others_are_told(
    command, landing, tmp_path
) -> None:
    (tmp_path / "list.csv").write_text(
        "Owner,Country,parent organisation,Source,nation,Kind \na,us,Holding,web,fr,company\n"
    )
    done = command("owners", tmp_path / "list.csv", "--source", "mine")
    assert landed(landing) == [("a", "company", "us", "Holding", "web")]
    assert done.err == "notice: not landed, as these columns are unknown: nation\n"


def test_owners_that_are_there_are_replaced_on_request_only(command, landing, table) -> None:
    command("owners", table)
    before = (landing / "owners" / "who_is_who.parquet").read_bytes()
    done = command("owners", table)
    assert done.code == 1
    assert "already holds owners of who_is_who" in done.err
    assert command("owners", table, "--replace").code == 0
    assert (landing / "owners" / "who_is_who.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--source", "../up"), 2, "--source"),
        (("--owner", "who"), 2, "no column who"),
        (("--country", "seat"), 2, "no column seat"),
    ],
)
def test_what_cannot_be_landed_is_told_in_one_line(
    command, landing, table, options, code, said
) -> None:
    done = command("owners", table, *options)
    assert done.code == code
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert said in done.err
    assert not (landing / "owners").exists()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [("lab,country\nacme,us\n", 2, "--owner"), ("owner,country\n,us\n", 1, "there are no owners")],
    ids=["no column of owners", "no row with an owner"],
)
def test_a_table_without_owners_is_refused(command, landing, tmp_path, text, code, said) -> None:
    (tmp_path / "list.csv").write_text(text)
    done = command("owners", tmp_path / "list.csv")
    assert done.code == code
    assert said in done.err
    assert not (landing / "owners").exists()


def test_several_files_need_a_name(command, landing, table, tmp_path) -> None:
    (tmp_path / "b.csv").write_text(OWNERS)
    done = command("owners", table, tmp_path / "b.csv")
    assert done.code == 2
    assert "--source" in done.err


@needs_shared_data
def test_the_tracked_organisations_land(command, landing) -> None:
    path = SHARED_DATA / "tracked_models_2026_08/organization_regions.parquet"
    done = command("owners", path)
    assert done.code == 0, done.err
    rows = landed(landing)
    assert len(rows) == 118
    assert {country for _, _, country, _, _ in rows} == {"us", "china", "eu", "other", "unknown"}

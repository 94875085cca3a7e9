"""The two examples with known counts, built by dbt: docs/definitions.md, and `cdindex`'s own.

All variants lie in one landing, each under an owner of its own. A variant that needs another
snapshot has its times moved instead, so that the snapshot falls where the variant wants it.
"""

from datetime import datetime, timedelta

import pytest

from oracles.comparison import by_key
from oracles.worked_example import (
    CLOSED_AT,
    CREATED_AT,
    DAY,
    F_DEPENDENCE,
    F_DI_2,
    GOLDEN_CREATED_AT,
    GOLDEN_EDGES,
    RAW_ROWS,
    TABLE,
)
from support import build, item, read, write_landing

pytestmark = pytest.mark.xdist_group("worked_example")

ON_THE_FLOOR = datetime(2022, 3, 2, 23, 29, 4)
OPEN_AT = datetime(2025, 3, 15)

# cdindex's graph with a year squeezed into 120 days, so that it lies between floor and snapshot.
GOLDEN_START = datetime(2022, 6, 1)
SQUEEZED = {
    name: GOLDEN_START + 120 * DAY * (moment.year - 1992)
    for name, moment in GOLDEN_CREATED_AT.items()
}


def items_of(owner, created_at, rows, moved_by=timedelta()):
    """The items of one variant: every raw row is a typed tag of its own."""
    items = []
    for name, moment in created_at.items():
        tags = []
        for child, parent, relation in rows:
            if child == name:
                tags += [f"base_model:{owner}/{parent}", f"base_model:{relation}:{owner}/{parent}"]
        items.append(item(f"{owner}/{name}", moment + moved_by, tags=tags))
    return items


def variants():
    """The landing: the example as it stands, and the example with one thing changed."""
    items = items_of("example", CREATED_AT, RAW_ROWS)
    items += items_of("second-shared-parent", CREATED_AT, [*RAW_ROWS, ("B", "Q", "merge")])
    # The snapshot of 2025-03-15: nothing younger is in it, and no window of 90 days has closed.
    young = {name: moment for name, moment in CREATED_AT.items() if moment <= OPEN_AT}
    rows = [row for row in RAW_ROWS if row[0] in young]
    items += items_of("open", young, rows, CLOSED_AT - OPEN_AT)
    # The window of F closes at the snapshot, and one second after it.
    closing = CLOSED_AT - (CREATED_AT["F"] + 90 * DAY)
    items += items_of("closing", CREATED_AT, RAW_ROWS, closing)
    items += items_of("not-closed", CREATED_AT, RAW_ROWS, closing + timedelta(seconds=1))
    items += items_of("floor", CREATED_AT, RAW_ROWS, ON_THE_FLOOR - CREATED_AT["F"])
    # A parent that is not in the snapshot is a parent all the same.
    without_root = {name: moment for name, moment in CREATED_AT.items() if name != "R"}
    items += items_of("unlisted", without_root, RAW_ROWS)
    # B takes from F without R: then nobody takes from both.
    rows = [row for row in RAW_ROWS if row[:2] != ("B", "R")]
    items += items_of("no-chain", CREATED_AT, rows)
    items += items_of("golden", SQUEEZED, [(*edge, "finetune") for edge in GOLDEN_EDGES])
    return items


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worked_example")
    landing = write_landing(folder / "landing", {CLOSED_AT: variants()})
    build(landing, folder / "hub_lineage.duckdb")
    return folder / "hub_lineage.duckdb"


@pytest.fixture(scope="module")
def disruption(database):
    return by_key(read(database, "from marts.disruption"), ("model_id", "window_name"))


def counts(row):
    return row["n_i"], row["n_j"], row["n_k"]


def test_sixteen_raw_rows_become_fourteen_edges_and_one_rejection(database):
    edges = read(
        database, "from marts.lineage_edges where child_id like 'example/%' order by child_id"
    )
    assert {(row["child_id"][8:], row["parent_id"][8:]) for row in edges} == {
        (child, parent) for child, parent, _ in RAW_ROWS if child != parent
    }
    assert len(edges) == 14
    rejections = read(
        database,
        """
        select distinct child_id, claimed_parent, reason
        from marts.lineage_rejections
        where child_id like 'example/%'
        """,
    )
    assert rejections == [
        {"child_id": "example/F", "claimed_parent": "example/F", "reason": "self_reference"}
    ]


@pytest.mark.parametrize("focal", TABLE)
def test_every_focal_has_the_published_counts(disruption, focal):
    row = disruption[f"example/{focal}", "90d"]
    expected = TABLE[focal]
    assert counts(row) == expected.counts
    assert row["n_parents"] == expected.n_parents
    assert row["is_window_closed"] is True


@pytest.mark.parametrize("focal", TABLE)
def test_every_focal_has_the_published_indices_or_the_reason_why_not(disruption, focal):
    row = disruption[f"example/{focal}", "90d"]
    expected = TABLE[focal]
    if expected.n_parents == 0:
        assert row["undefined_reason"] == "no_declared_parent"
    elif expected.cd is None:
        assert row["undefined_reason"] == "no_later_activity"
    else:
        assert row["undefined_reason"] is None
        assert (row["mdi"], row["mdi_no_k"], row["mdi_bypass"]) == (
            expected.cd,
            expected.no_k,
            expected.bypass,
        )
        return
    assert (row["mdi"], row["mdi_no_k"], row["mdi_bypass"]) == (None, None, None)


def test_the_focal_has_the_published_second_forms(disruption):
    row = disruption["example/F", "90d"]
    assert row["mdi_l2"] == pytest.approx(F_DI_2, abs=1e-15)
    assert row["dependence"] == pytest.approx(F_DEPENDENCE, abs=1e-15)
    assert row["mdi_net"] == pytest.approx(-1 / 3, abs=1e-15)


def test_without_a_window_the_one_beyond_its_end_counts(disruption):
    assert counts(disruption["example/F", "all"]) == (3, 1, 3)
    assert disruption["example/F", "all"]["mdi"] == pytest.approx(2 / 7, abs=1e-15)
    assert counts(disruption["example/R", "all"]) == (5, 0, 0)


def test_a_later_model_that_shares_two_parents_counts_once(disruption):
    assert disruption["second-shared-parent/B", "90d"]["n_k"] == 5
    assert disruption["second-shared-parent/Q", "90d"]["n_i"] == 2
    for focal in TABLE.keys() - {"Q"}:
        row = disruption[f"second-shared-parent/{focal}", "90d"]
        assert counts(row) == TABLE[focal].counts, focal


def test_an_open_window_leaves_the_counts_and_nulls_the_indices(disruption):
    row = disruption["open/F", "90d"]
    assert counts(row) == (1, 1, 3)
    assert (row["mdi"], row["undefined_reason"]) == (None, "window_open")
    assert row["is_window_closed"] is False
    shorter = disruption["open/F", "30d"]
    assert counts(shorter) == (1, 1, 1)
    assert (shorter["mdi"], shorter["undefined_reason"]) == (0, None)
    assert disruption["open/F", "all"]["mdi"] == 0


def test_a_window_closes_at_the_second_of_its_end(disruption):
    closing = disruption["closing/F", "90d"]
    assert (closing["is_window_closed"], closing["mdi"]) == (True, pytest.approx(1 / 6, abs=1e-15))
    too_late = disruption["not-closed/F", "90d"]
    assert (too_late["is_window_closed"], too_late["undefined_reason"]) == (False, "window_open")
    assert counts(too_late) == counts(closing) == (2, 1, 3)


def test_a_focal_on_the_creation_floor_has_counts_and_no_index(disruption):
    row = disruption["floor/F", "90d"]
    assert counts(row) == (2, 1, 3)
    assert (row["mdi"], row["undefined_reason"]) == (None, "creation_date_floor")
    assert disruption["floor/A", "90d"]["mdi"] == 0


def test_an_unlisted_parent_counts_as_a_parent_but_has_no_row(disruption):
    for focal in TABLE.keys() - {"R"}:
        row = disruption[f"unlisted/{focal}", "90d"]
        assert counts(row) == TABLE[focal].counts, focal
    assert ("unlisted/R", "90d") not in disruption


def test_without_the_chain_nobody_takes_from_both(disruption):
    row = disruption["no-chain/F", "90d"]
    assert counts(row) == (3, 0, 3)
    assert row["mdi"] == 0.5


def test_golden_graph_of_the_cdindex_package(disruption):
    row = disruption["golden/4Z", "all"]
    assert counts(row) == (3, 2, 1)
    assert row["mdi"] == pytest.approx(1 / 6, abs=1e-15)
    # 9Z shares two parents with the focal, 6Z one: (3 - 1) / (3 + 1 + 1), and 3 / 5.
    assert row["mdi_l2"] == pytest.approx(0.4, abs=1e-15)
    assert row["dependence"] == pytest.approx(0.6, abs=1e-15)
    # A year of the squeezed graph ends before 7Z and 8Z are created.
    year = disruption["golden/4Z", "365d"]
    assert counts(year) == (1, 2, 1)
    assert year["mdi"] == -0.25

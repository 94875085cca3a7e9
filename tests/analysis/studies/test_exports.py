"""The study's variables, row by row against what they are said to be."""

import math
from datetime import timedelta

import duckdb
import pandas as pd
import pytest

from analysis.figures.writing import open_tables
from analysis.studies.estimating import estimate
from analysis.studies.specifications import all_specifications
from analysis.studies.variables import KEPT, KEYS, NEEDED, PANELS, PLACE, SAMPLES, open_exports
from hub_lineage import build
from hub_lineage.errors import StudyError

pytestmark = pytest.mark.xdist_group("studies")


@pytest.fixture(scope="module")
def exports(sample_exports):
    return open_exports(sample_exports)


def test_views_have_the_grain_of_their_marts(exports):
    marts = {
        "entrants": "recognition_panel",
        "focals": "disruption_panel",
        "focal_windows": "disruption",
    }
    assert marts.keys() <= SAMPLES.keys()
    for view, mart in marts.items():
        counts = {
            name: exports.connection.execute(f"select count(*) from {name}").fetchall()
            for name in (view, mart)
        }
        assert counts[view] == counts[mart]


def test_variables_are_the_transforms_that_their_names_say(exports):
    rows = exports.connection.execute("""
        select entrants.*, panel.* from entrants inner join recognition_panel as panel
        using (parent_id, child_id) where panel.release_event_rank is not null
        order by parent_id, child_id
    """).df()
    assert len(rows) > 500
    for row in rows.to_dict("records"):
        assert row["log_rank"] == pytest.approx(math.log(row["release_event_rank"]))
        assert row["log_crowd_30"] == pytest.approx(
            math.log1p(row["n_rivals_before_other_owner_events_30d"])
        )
        assert row["log_lead_30"] == pytest.approx(
            math.log1p(row["n_rivals_after_other_owner_30d"])
        )
        assert row["has_likes"] == (row["likes"] > 0)
        assert row["is_first"] == (row["release_event_rank"] == 1)
        known = pd.notna(row["parameter_count"]) and row["parameter_count"] > 0
        assert row["size_unknown"] == (not known)
        assert row["log_size"] == pytest.approx(math.log(row["parameter_count"]) if known else 0)
        assert row["month"] == row["created_at"].strftime("%Y-%m")
        assert row["base_month"] == f"{row['parent_id']} {row['month']}"


PROMINENCE = {
    "log_entries_elsewhere_30": "n_entries_elsewhere_before_30d",
    "log_owner_likes_at_entry": "owner_likes_at_entry",
    "log_base_likes_at_entry": "base_likes_at_entry",
    "log_base_downloads_at_entry": "base_downloads_at_entry",
    "log_base_downloads_all_time_at_entry": "base_downloads_all_time_at_entry",
}


@pytest.mark.parametrize(("variable", "column"), PROMINENCE.items())
def test_prominence_at_entry_is_the_log_of_its_count_and_unknown_where_the_count_is(
    exports, variable, column
):
    found = exports.connection.execute(f"""
        select
            count({column}), count({variable}), bool_and(abs({variable} - ln(1 + {column})) < 1e-12)
        from entrants inner join recognition_panel using (parent_id, child_id)
    """).fetchall()
    n_counts, n_logs, are_equal = found[0]
    assert n_counts == n_logs
    assert n_counts > 0
    assert are_equal


def test_what_is_built_elsewhere_leaves_out_the_race_itself(exports):
    """Counted anew from the edges: earlier derivatives of the owner's other models, each once."""
    found = exports.connection.execute("""
        with entries as (
            select lower(split_part(parent_id, '/', 1)) as owner, parent_id, child_id,
                child_created_at as moment
            from lineage_edges where child_created_at >= '2022-03-03' and parent_id like '%/%'
        )

        select exp(any_value(entrants.log_base_owner_derivatives_elsewhere)) - 1 as told,
            count(distinct entries.child_id) filter (
                where entries.moment < entrants.created_at and entries.child_id not in (
                    select race.child_id from entries as race
                    where race.parent_id = entrants.parent_id and race.moment < entrants.created_at
                )
            ) as counted
        from entrants left join entries on entries.owner = lower(entrants.base_owner)
        where entrants.sample_exclusion is null
        group by entrants.parent_id, entrants.child_id
    """).fetchall()
    assert len(found) > 1000
    assert max(counted for _, counted in found) > 5
    for told, counted in found:
        assert told == pytest.approx(counted, abs=1e-6)


def test_an_owner_who_builds_on_a_model_of_its_own_is_not_prominent_by_that_race(exports):
    found = exports.connection.execute("""
        select exp(log_owner_derivatives_elsewhere) - 1, n_owner_derivatives_at_entry, n_before,
            panel.is_same_owner
        from entrants inner join recognition_panel as panel using (parent_id, child_id)
        where panel.sample_exclusion is null
    """).fetchall()
    own = [(told, n - before) for told, n, before, is_own in found if is_own]
    others = [(told, n) for told, n, _, is_own in found if not is_own]
    assert own
    assert others
    for told, counted in own + others:
        assert told == pytest.approx(counted, abs=1e-6)


def test_rank_bins_part_the_ranks(exports):
    found = exports.connection.execute("""
        select rank_bin, min(release_event_rank), max(release_event_rank) from entrants
        where release_event_rank is not null group by rank_bin order by 2
    """).fetchall()
    bounds = {"1": (1, 1), "2": (2, 2), "3-5": (3, 5), "6-10": (6, 10), "11-20": (11, 20),
              "21-50": (21, 50), "51-100": (51, 100), "101+": (101, math.inf)}  # fmt: skip
    assert found
    for label, low, high in found:
        assert bounds[label][0] <= low <= high <= bounds[label][1]


def test_no_variable_of_the_main_sample_is_infinite(exports):
    numbers = [
        name
        for name, kind, *_ in exports.connection.execute("describe entrants").fetchall()
        if kind == "DOUBLE"
    ]
    infinite = " + ".join(f"count(*) filter (where isinf({name}))" for name in numbers)
    found = exports.connection.execute(
        f"select {infinite} from entrants where sample_exclusion is null"
    ).fetchall()
    assert found == [(0,)]


def test_the_index_in_the_90_day_window_is_the_panels(exports):
    assert exports.connection.execute("""
        select count(*) from focals inner join focal_windows as windows using (model_id)
        where windows.window_name = '90d' and (focals.mdi is distinct from windows.mdi)
    """).fetchall() == [(0,)]


def days_begun(later, earlier) -> int:
    return math.ceil((later - earlier) / timedelta(days=1))


def test_a_first_taker_is_the_earliest_later_child_or_the_snapshot(exports):
    edges = exports.connection.execute("select * from lineage_edges").df()
    later = edges[edges["child_created_at"] > edges["parent_created_at"]]
    first = later.groupby("parent_id")["child_created_at"].min()
    others = later[~later["is_same_owner"].fillna(True).astype(bool)]
    first_other = others.groupby("parent_id")["child_created_at"].min()
    rows = exports.connection.execute("select * from first_takers").df()
    assert len(rows) == rows["model_id"].nunique() > 1000
    assert rows["is_taken"].sum() > 100
    for row in rows.to_dict("records"):
        for taken, days, event in (
            (first, "days_to_taker", "is_taken"),
            (first_other, "days_to_other_taker", "is_taken_by_other"),
        ):
            moment = taken.get(row["model_id"])
            if moment is None:
                assert row[event] == 0
                assert row[days] == math.ceil(row["follow_up_days"])
            else:
                assert row[event] == 1
                assert row[days] == days_begun(moment, row["created_at"])


def test_no_root_waits_for_its_first_taker_and_every_other_dated_model_does(exports):
    """A root is known by its children: it would never wait in vain."""
    assert exports.connection.execute("""
        select count(*) from disruption_panel as panel
        where (n_parents > 0 and created_at is not null and follow_up_days > 0
               and sample_exclusion is distinct from 'creation_date_floor')
        <> (model_id in (select model_id from first_takers))
    """).fetchall() == [(0,)]


def test_the_next_entrant_is_the_earliest_strictly_later_one_of_the_base(exports):
    """Each row anew from all entrants of its base; those of another owner too."""
    rows = exports.connection.execute("select * from next_entrants").df()
    assert len(rows) > 1000
    assert 0 < rows["is_followed_by_other"].sum() < rows["is_followed"].sum() < len(rows)
    for _, base in rows.groupby("parent_id"):
        ranked = base.to_dict("records")
        for row in ranked:
            for days, event, wanted in (
                ("days_to_next", "is_followed", lambda other: True),
                ("days_to_other", "is_followed_by_other",
                 lambda other, owner=row["owner"]: other["owner"] != owner),
            ):  # fmt: skip
                later = [
                    other["created_at"] for other in ranked
                    if other["created_at"] > row["created_at"] and wanted(other)
                ]  # fmt: skip
                assert row[event] == bool(later)
                expected = (
                    days_begun(min(later), row["created_at"]) if later
                    else math.ceil(row["age_days"])
                )  # fmt: skip
                assert row[days] == expected


def test_variants_without_the_edges_open_without_the_view_that_needs_them(sample_exports, tmp_path):
    for name in PANELS:
        (tmp_path / f"{name}.parquet").symlink_to(sample_exports / f"{name}.parquet")
    opened = open_exports(tmp_path, PANELS)
    assert opened.connection.execute("select count(*) > 0 from next_entrants").fetchall() == [
        (True,)
    ]
    with pytest.raises(duckdb.CatalogException, match="first_takers"):
        opened.connection.execute("from first_takers")


def test_the_hash_is_a_function_of_the_bytes(sample_exports, exports, tmp_path):
    assert open_exports(sample_exports).content_hash == exports.content_hash
    for name in NEEDED:
        (tmp_path / f"{name}.parquet").symlink_to(sample_exports / f"{name}.parquet")
    assert open_exports(tmp_path).content_hash != exports.content_hash


def test_marts_of_two_snapshots_are_refused(sample_exports, tmp_path):
    for name in set(NEEDED) - {"disruption"}:
        (tmp_path / f"{name}.parquet").symlink_to(sample_exports / f"{name}.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from '{sample_exports}/disruption.parquet') to '{tmp_path}/disruption.parquet' "
            "(format parquet, kv_metadata {snapshot_id: '20200101T000000Z'})"
        )
    with pytest.raises(StudyError, match="of different snapshots"):
        open_exports(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "x as select 1; create table planted as select 1; --",
        'y" as select 1; --',
        "entrants",
        "hub_models (1)",
        "Hub_Models",
    ],
)
def test_a_file_that_is_no_mart_is_refused_and_its_name_never_run(sample_exports, tmp_path, name):
    for path in sample_exports.glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / f"{name}.parquet").symlink_to(sample_exports / "families.parquet")
    with pytest.raises(StudyError, match="is not a mart of this project: move it elsewhere"):
        open_exports(tmp_path)


def test_exports_that_a_killed_build_left_are_refused(sample_exports, tmp_path):
    for path in sample_exports.glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / build.MARK).touch()
    with pytest.raises(StudyError, match="killed while it replaced them"):
        open_exports(tmp_path)


def test_a_name_in_the_results_is_never_run(sample_exports, tmp_path):
    name = "x as select 1; create table planted as select 1; --.parquet"
    (tmp_path / name).symlink_to(sample_exports / "families.parquet")
    with open_tables(tmp_path, sample_exports) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert tables == []


@pytest.mark.parametrize("view", KEPT)
def test_a_kept_view_holds_the_same_rows_in_the_order_of_their_keys(sample_exports, exports, view):
    kept = open_exports(sample_exports, is_kept=True)
    keys = ", ".join(KEYS[view])
    expected = exports.connection.execute(f"select * from {view} order by {keys}").df()
    found = kept.connection.execute(f"select * from {view}").df()
    assert found.pop(PLACE).tolist() == list(range(1, len(found) + 1))
    assert list(found) == list(expected)
    for name, column in found.items():
        if name in KEPT[view]:
            column, other = pd.factorize(column)[0], pd.factorize(expected[name])[0]
            assert (column == other).all(), name
        else:
            is_label = isinstance(column.dtype, pd.CategoricalDtype)
            assert is_label == (expected[name].dtype == "str" and expected[name].notna().any()
                                and name != KEYS[view][-1]), name  # fmt: skip
            pd.testing.assert_series_equal(
                column.astype("str") if is_label else column, expected[name]
            )


def test_a_specification_finds_the_same_on_kept_views(sample_exports, exports):
    named = {one.specification_id: one for one in all_specifications()}
    kept = open_exports(sample_exports, is_kept=True)
    for name in ("RR3", "RR5.weeks", "DM3"):
        before, after = (estimate(one, named[name], seed=1) for one in (exports, kept))
        assert after.status == before.status
        assert after.estimates == before.estimates

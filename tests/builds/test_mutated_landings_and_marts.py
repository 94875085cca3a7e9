"""Every data test of the project can fail: one defect is planted, and exactly that test fails.

Dirt in the landing ends in a rejection, not in a failing test, so the defects are planted where a
mistake in a model would show: in a built database. dbt itself judges one database with many
defects; then its compiled tests are run one defect at a time, each defect rolled back.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from running import DATABASE, SAMPLE

from support import dbt, once


@dataclass(frozen=True)
class Defect:
    """What is done to the built database, and the tests that must then fail, no others."""

    name: str
    sql: str
    fails: set[str] = field(default_factory=set)


def one(table: str, change: str, where: str = "true") -> str:
    """An update of one row; the last by its text of those that a condition holds for."""
    return f"update {table} set {change} where rowid = {last(table, where)}"


def without(table: str, where: str = "true") -> str:
    return f"delete from {table} where rowid = {last(table, where)}"


def last(table: str, where: str = "true") -> str:
    """The row that is last by its text, wherever the threads of a build have put it."""
    return f"(select arg_max(rowid, cast(row_of as varchar)) from {table} as row_of where {where})"


INVARIANTS = [
    Defect(
        "a score that was never landed",
        one("marts.benchmark_scores", "n_scores = n_scores + 1"),
        {"assert_every_score_is_in_the_benchmark_mart"},
    ),
    Defect(
        "more bases than edges",
        one("marts.concentration", "n_bases = n_edges + 1"),
        {"assert_concentration_shares_are_nested"},
    ),
    Defect(
        "fewer rivals in a longer window",
        one(
            "marts.crowding", "n_rivals_after = 0", "window_days = 7 and n_rivals_after > 0"
        ).replace("n_rivals_after = 0", "n_rivals_after = 1000000"),
        {"assert_crowding_grows_with_the_window"},
    ),
    Defect(
        "more rivals of one relation than rivals",
        one(
            "marts.crowding",
            "n_rivals_before_same_relation = n_rivals_before + 1",
            "n_rivals_before is not null",
        ),
        {"assert_crowding_parts_do_not_exceed_the_whole"},
    ),
    Defect(
        "rivals of an entrant without a rank",
        one(
            "marts.crowding",
            "n_rivals_before = 0",
            "n_rivals_before is null and window_days = 90",
        ),
        {"assert_crowding_parts_do_not_exceed_the_whole"},
    ),
    Defect(
        "a child too many",
        one("marts.hub_models", "n_children = n_children + 1"),
        {"assert_degrees_agree_with_the_edges"},
    ),
    Defect(
        "a parent too few",
        one("marts.hub_models", "n_parents = n_parents - 1", "n_parents > 1"),
        {"assert_degrees_agree_with_the_edges"},
    ),
    Defect(
        "fewer followers in all time than in a year",
        one(
            "marts.disruption",
            "n_k = 0",
            "window_name = 'all' and mdi is not null and n_k > 0 and n_i + n_j = 0 and exists "
            "(from marts.disruption as shorter where shorter.model_id = disruption.model_id "
            "and shorter.window_name = '365d' and shorter.n_k > 0)",
        ),
        {"assert_disruption_counts_grow_with_the_window"},
    ),
    Defect(
        "an entrant too many before",
        one("marts.release_races", "n_before = n_before + 1", "n_before is not null"),
        {"assert_entrants_before_are_rank_less_one"},
    ),
    Defect(
        "a second that counts as first",
        one("marts.release_races", "is_first = true", "release_rank = 2"),
        {"assert_entrants_before_are_rank_less_one"},
    ),
    Defect(
        "a snapshot that promises an item more",
        one("staging.stg_hub__snapshots", "n_promised_items = n_promised_items + 1", "is_latest"),
        {"assert_snapshots_hold_what_their_manifests_promise"},
    ),
    Defect(
        "a claim lost among the rejections",
        without("marts.lineage_rejections"),
        {"assert_every_claim_is_an_edge_or_a_rejection"},
    ),
    Defect(
        "a claim lost in an edge",
        one("marts.lineage_edges", "n_claims = n_claims - 1"),
        {"assert_every_claim_is_an_edge_or_a_rejection"},
    ),
    Defect(
        "an edge that is no race row",
        without("marts.release_races", "release_rank is null"),
        {"assert_every_edge_is_an_entrant"},
    ),
    Defect(
        "an edge that is no row of the panel",
        without("marts.recognition_panel"),
        {"assert_every_edge_is_an_entrant"},
    ),
    Defect(
        "an entrant without one of its windows",
        without("marts.crowding", "window_days = 90"),
        {"assert_every_edge_is_an_entrant"},
    ),
    Defect(
        "a landed item lost",
        without("marts.landing_rejections"),
        {"assert_every_item_is_a_model_or_a_rejection"},
    ),
    Defect(
        "a family larger than its root has descendants",
        one("marts.families", "n_models = n_models + 1, n_merge = n_merge + 1", "is_root_listed"),
        {"assert_families_hold_all_descendants", "assert_families_are_their_members"},
    ),
    Defect(
        "relations of a family that do not add up",
        one("marts.families", "n_adapter = n_adapter + 1"),
        {"assert_families_hold_all_descendants"},
    ),
    Defect(
        "a later stage of the funnel that grows",
        "update marts.data_funnel set n_models = n_models + 1000000 where stage_number = 7",
        {"assert_funnel_stages_do_not_grow"},
    ),
    Defect(
        "a leaf two steps below its parents",
        one("marts.hub_models", "generation = generation + 1", "generation > 0 and n_children = 0"),
        {"assert_generations_are_one_step_apart", "assert_families_are_their_members"},
    ),
    Defect(
        "an index with the wrong sign",
        one("marts.disruption", "mdi = -mdi, mdi_no_k = -mdi_no_k", "window_days = 30 and mdi > 0"),
        {"assert_mdi_has_the_sign_of_n_i_less_n_j"},
    ),
    Defect(
        "an index of the wrong size",
        one("marts.disruption", "mdi = mdi / 2", "window_days = 30 and mdi > 0"),
        {"assert_mdi_is_mdi_no_k_over_one_plus_r_k"},
    ),
    Defect(
        "a reason beside a value",
        one(
            "marts.disruption",
            "undefined_reason = 'window_open'",
            "window_days = 30 and mdi is not null",
        ),
        {"assert_mdi_is_null_exactly_where_a_reason_says_so"},
    ),
    Defect(
        "neither a value nor a reason",
        one("marts.disruption", "mdi = null", "window_days = 30 and mdi is not null"),
        {"assert_mdi_is_null_exactly_where_a_reason_says_so"},
    ),
    Defect(
        "a model without its counters",
        without("marts.model_metrics"),
        {"assert_metrics_keep_every_model"},
    ),
    Defect(
        "a model with a generation and no root",
        one("marts.hub_models", "n_roots = 0", "generation > 0"),
        {
            "assert_models_without_a_root_hang_from_a_cycle",
            "assert_families_are_their_members",
        },
    ),
    Defect(
        "a month whose models are not all judged",
        one("marts.ecosystem_months", "n_zero = n_zero + 1"),
        {"assert_months_add_up"},
    ),
    Defect(
        "a month larger than its relations",
        one(
            "marts.ecosystem_months",
            "n_models = n_models + 1, n_undefined = n_undefined + 1",
            "relation = 'all'",
        ),
        {"assert_months_add_up"},
    ),
    Defect(
        "a model that is its own parent",
        one("marts.lineage_edges", "parent_id = upper(child_id)", "not is_parent_listed"),
        {"assert_no_model_is_its_own_parent", "assert_licences_are_compared_on_every_edge"},
    ),
    Defect(
        "an index that differs in the panel",
        one("marts.disruption_panel", "mdi = mdi / 2", "mdi > 0"),
        {"assert_panel_repeats_the_disruption_mart"},
    ),
    Defect(
        "a focal that is not in the panel",
        without("marts.disruption_panel"),
        {"assert_panel_repeats_the_disruption_mart"},
    ),
    Defect(
        "a gap between ranks",
        one(
            "marts.release_races",
            "release_rank = release_rank + 1, n_before = n_before + 1",
            "n_before > 0 and release_rank = n_ranked_entrants",
        ),
        {"assert_ranks_start_at_one_and_leave_no_gap"},
    ),
    Defect(
        "an unexplained newcomer",
        without("marts.snapshot_changes", "change = 'added'"),
        {"assert_snapshot_changes_explain_the_difference"},
    ),
    Defect(
        "a taker too many",
        one("marts.disruption", "n_i = n_i + 1", "window_name = 'all' and mdi is null"),
        {"assert_takers_in_all_time_are_later_children"},
    ),
    Defect(
        "a flow between owners that is lost",
        without("marts.owner_flows"),
        {"assert_flows_count_every_new_derivative"},
    ),
    Defect(
        "a flow between countries that counts a model twice",
        one("marts.country_flows", "n_new_descendants = n_new_descendants + 1"),
        {"assert_flows_count_every_new_derivative"},
    ),
    Defect(
        "an owner with a model too many",
        one("marts.owners", "n_models = n_models + 1"),
        {"assert_owners_hold_every_model"},
    ),
    Defect(
        "an owner with somebody else's family",
        one("marts.owners", "n_family_models = n_family_models + 1"),
        {"assert_owners_hold_every_model"},
    ),
    Defect(
        "a description lost among the claims",
        without("marts.owner_claims", "owner is null"),
        {"assert_every_landed_description_is_an_owner_claim"},
    ),
    Defect(
        "a description of somebody else",
        one("marts.owners", "n_sources = 1", "n_sources = 0"),
        {"assert_every_landed_description_is_an_owner_claim"},
    ),
    Defect(
        "a pair of weights that was never landed",
        one("marts.weight_pairs", "n_rows = n_rows + 1"),
        {"assert_every_pair_of_weights_is_an_edge_or_says_why"},
    ),
    Defect(
        "a candidate beside a parent",
        one(
            "marts.lineage_candidates", "child_id = (select min(child_id) from marts.lineage_edges)"
        ),
        {"assert_no_candidate_is_an_edge"},
    ),
    Defect(
        "a member lost",
        without("marts.family_members"),
        {"assert_families_are_their_members"},
    ),
    Defect(
        "a member that belongs to more than one whole",
        one("marts.family_members", "path_share = path_share / 2", "path_share < 1"),
        {"assert_families_are_their_members"},
    ),
    Defect(
        "an edge whose licences are not compared",
        without("marts.licence_changes"),
        {"assert_licences_are_compared_on_every_edge"},
    ),
    Defect(
        "a licence that loosens nothing",
        one("marts.licence_changes", "dropped = null", "change = 'loosened'"),
        {"assert_licences_are_compared_on_every_edge"},
    ),
    Defect(
        "an edge that drifts twice",
        one("marts.trait_drift", "n_edges = n_edges + 1", "relation = 'all'"),
        {"assert_drift_adds_up_over_relations"},
    ),
    Defect(
        "a week with a child too many",
        one("marts.base_weeks", "n_new_children = n_new_children + 1"),
        {"assert_weeks_of_bases_count_every_new_child"},
    ),
    Defect(
        "a week whose relations do not add up",
        one("marts.base_weeks", "n_adapter = n_adapter + 1"),
        {"assert_weeks_of_bases_count_every_new_child"},
    ),
]

FILLED = (
    "insert into staging.stg_weights__pairs by name select 'f' as file_name, 0 as file_row, "
    "'o/gone' as claimed_child, 'o/base' as claimed_parent, '' as tool, '' as source, 1 as score",
    "insert into marts.weight_pairs by name select 'o/gone' as child_id, 'o/base' as "
    "claimed_parent, '' as tool, '' as source, 1 as score, 1 as n_rows, false as is_child_listed, "
    "'child_not_listed' as rejection_reason",
    "insert into marts.relicensed_models by name select 's0' as previous_snapshot_id, 's1' as "
    "snapshot_id, 'o/model' as model_id, 'mit' as license_before",
)
"""Sound rows of marts that are empty for the sample: columns that are never null need a value."""

ALSO = (
    {
        "disruption_model_id_stands_in_hub_models": {
            "assert_takers_in_all_time_are_later_children"
        },
        "snapshot_changes_change_is_known": {"assert_snapshot_changes_explain_the_difference"},
        "disruption_undefined_reason_is_known": {
            "assert_mdi_is_null_exactly_where_a_reason_says_so"
        },
        "snapshot_changes_has_one_row_per_model_and_change": {
            "assert_snapshot_changes_explain_the_difference"
        },
        "owners_has_one_row_per_owner": {"assert_every_landed_description_is_an_owner_claim"},
        # An entrant has a row for each window of the seed, and stands in no other.
        "crowding_windows_are_unique": {"assert_every_edge_is_an_entrant"},
        "crowding_windows_have_a_length": {"crowding_window_days_stands_in_crowding_windows"},
        "horizons_have_an_age": {"outcomes_at_age_age_days_stands_in_horizons"},
        "outcomes_at_age_age_days_is_within_bounds": {
            "outcomes_at_age_age_days_stands_in_horizons"
        },
        "benchmark_scores_has_one_row_per_model_benchmark_and_source": {
            "assert_every_score_is_in_the_benchmark_mart"
        },
        "stg_weights__pairs_has_one_row_per_landed_row": {
            "assert_every_pair_of_weights_is_an_edge_or_says_why"
        },
        "weight_pairs_has_one_row_per_child_parent_tool_and_source": {
            "assert_every_pair_of_weights_is_an_edge_or_says_why"
        },
        "weight_pairs_n_rows_is_within_bounds": {
            "assert_every_pair_of_weights_is_an_edge_or_says_why"
        },
        "stg_benchmarks__scores_has_one_row_per_landed_row": {
            "assert_every_score_is_in_the_benchmark_mart"
        },
        "benchmark_scores_rejection_reason_is_known": {
            "assert_every_score_is_in_the_benchmark_mart"
        },
        "benchmark_scores_n_scores_is_within_bounds": {
            "assert_every_score_is_in_the_benchmark_mart"
        },
        "benchmark_scores_n_rejected_is_within_bounds": {
            "assert_every_score_is_in_the_benchmark_mart"
        },
        "crowding_n_rivals_before_other_owner_is_within_bounds": {
            "assert_crowding_parts_do_not_exceed_the_whole"
        },
        "int_parent_claims_gathered_has_one_row_per_claim": {
            "assert_every_claim_is_an_edge_or_a_rejection"
        },
        "hub_models_generation_is_within_bounds": {"assert_generations_are_one_step_apart"},
        "lineage_edges_child_id_stands_in_hub_models": {
            "assert_degrees_agree_with_the_edges",
            "assert_licences_are_compared_on_every_edge",
            "assert_generations_are_one_step_apart",
        },
        "lineage_edges_parent_id_stands_in_hub_models": {
            "assert_licences_are_compared_on_every_edge",
            "assert_degrees_agree_with_the_edges",
            "assert_generations_are_one_step_apart",
            "assert_takers_in_all_time_are_later_children",
        },
        "lineage_edges_has_one_row_per_child_and_parent": {
            "assert_takers_in_all_time_are_later_children",
            "assert_every_claim_is_an_edge_or_a_rejection",
            "assert_degrees_agree_with_the_edges",
            "assert_every_edge_is_an_entrant",
            "assert_flows_count_every_new_derivative",
            "assert_weeks_of_bases_count_every_new_child",
            "assert_drift_adds_up_over_relations",
        },
        "lineage_rejections_has_one_row_per_claim": {
            "assert_every_claim_is_an_edge_or_a_rejection"
        },
        "landing_rejections_has_one_row_per_landed_item": {
            "assert_every_item_is_a_model_or_a_rejection"
        },
        "families_n_models_is_within_bounds": {
            "assert_families_hold_all_descendants",
            "assert_families_are_their_members",
        },
        "release_races_release_rank_is_within_bounds": {
            "assert_entrants_before_are_rank_less_one",
            "assert_ranks_start_at_one_and_leave_no_gap",
        },
        "release_races_has_one_row_per_base_and_entrant": {"assert_every_edge_is_an_entrant"},
        "crowding_n_rivals_before_is_within_bounds": {
            "assert_crowding_grows_with_the_window",
            "assert_crowding_parts_do_not_exceed_the_whole",
        },
        "crowding_n_rivals_after_is_within_bounds": {
            "assert_crowding_grows_with_the_window",
            "assert_crowding_parts_do_not_exceed_the_whole",
        },
        "crowding_n_rivals_around_is_within_bounds": {"assert_crowding_grows_with_the_window"},
        "crowding_has_one_row_per_base_entrant_and_window": {"assert_every_edge_is_an_entrant"},
        "disruption_n_i_is_within_bounds": {
            "assert_disruption_counts_grow_with_the_window",
            "assert_takers_in_all_time_are_later_children",
        },
        "disruption_n_j_is_within_bounds": {
            "assert_disruption_counts_grow_with_the_window",
            "assert_takers_in_all_time_are_later_children",
            "assert_mdi_has_the_sign_of_n_i_less_n_j",
        },
        "disruption_n_k_is_within_bounds": {
            "assert_disruption_counts_grow_with_the_window",
            "assert_mdi_is_mdi_no_k_over_one_plus_r_k",
        },
        "disruption_mdi_is_finite": {
            "assert_mdi_is_mdi_no_k_over_one_plus_r_k",
            "assert_mdi_has_the_sign_of_n_i_less_n_j",
        },
        "disruption_mdi_is_within_bounds": {
            "assert_mdi_is_mdi_no_k_over_one_plus_r_k",
            "assert_mdi_has_the_sign_of_n_i_less_n_j",
        },
        "disruption_mdi_no_k_is_finite": {"assert_mdi_is_mdi_no_k_over_one_plus_r_k"},
        "disruption_mdi_no_k_is_within_bounds": {"assert_mdi_is_mdi_no_k_over_one_plus_r_k"},
        "model_metrics_has_one_row_per_model_and_snapshot": {"assert_metrics_keep_every_model"},
        "ecosystem_months_has_one_row_per_month_and_relation": {"assert_months_add_up"},
        "concentration_top_10_share_is_finite": {"assert_concentration_shares_are_nested"},
        "concentration_top_10_share_is_within_bounds": {"assert_concentration_shares_are_nested"},
        "recognition_panel_has_one_row_per_base_and_entrant": {"assert_every_edge_is_an_entrant"},
        "disruption_panel_mdi_is_finite": {"assert_panel_repeats_the_disruption_mart"},
        "disruption_panel_mdi_is_within_bounds": {"assert_panel_repeats_the_disruption_mart"},
        "stg_hub__repositories_has_one_row_per_key": {
            "stg_hub__repositories_has_one_row_per_repository"
        },
        "stg_hub__repositories_has_one_row_per_repository": {
            "stg_hub__repositories_has_one_row_per_key"
        },
        "owners_n_models_is_within_bounds": {"assert_owners_hold_every_model"},
        "hub_models_has_one_row_per_model_id": {"assert_owners_hold_every_model"},
        "owner_claims_has_one_row_per_landed_row": {
            "assert_every_landed_description_is_an_owner_claim"
        },
        "stg_owners__descriptions_fault_is_known": {
            "assert_every_landed_description_is_an_owner_claim"
        },
        "stg_owners__descriptions_has_one_row_per_landed_row": {
            "assert_every_landed_description_is_an_owner_claim"
        },
        "disruption_windows_have_a_name": {"disruption_window_name_stands_in_disruption_windows"},
    }
    | {
        f"trait_drift_{check}": {"assert_drift_adds_up_over_relations"}
        for check in ("trait_is_known", "has_one_row_per_relation_and_trait")
    }
    | {
        f"family_members_{check}": {"assert_families_are_their_members"}
        for check in (
            "root_id_stands_in_families",
            "model_id_stands_in_hub_models",
            "distance_is_within_bounds",
            "path_share_is_finite",
            "path_share_is_within_bounds",
            "has_one_row_per_root_and_model",
        )
    }
    | {
        f"base_weeks_{check}": {"assert_weeks_of_bases_count_every_new_child"}
        for check in (
            "n_new_children_is_within_bounds",
            "share_of_new_edges_is_finite",
            "share_of_new_edges_is_within_bounds",
        )
    }
    | {
        f"{mart}_{check}": {"assert_flows_count_every_new_derivative"}
        for mart, grain in (("owner_flows", "owners"), ("country_flows", "countries"))
        for check in (
            "n_new_children_is_within_bounds",
            "n_new_descendants_is_within_bounds",
            f"has_one_row_per_month_and_{grain}",
        )
    }
)
"""What else the defect of a generic test breaks, where one wrong value is wrong in two ways."""

TOGETHER = [
    "more bases than edges",
    "more rivals of one relation than rivals",
    "a parent too few",
    "a second that counts as first",
    "a claim lost among the rejections",
    "a landed item lost",
    "relations of a family that do not add up",
    "a later stage of the funnel that grows",
    "an index with the wrong sign",
    "a month whose models are not all judged",
    "an index that differs in the panel",
    "an unexplained newcomer",
]


@dataclass(frozen=True)
class Check:
    """A data test of the project as dbt compiled it; `table` is what a generic one looks at."""

    name: str
    sql: str
    reads: set[str]
    kind: str | None
    table: str | None
    column: str | None
    arguments: dict

    @property
    def node(self) -> str | None:
        return self.table and self.table.split(".")[1]


class Checks(dict[str, Check]):
    """All data tests by name, and the copy of the built database that they judge."""

    connection: duckdb.DuckDBPyConnection

    def failing(self, touched: str) -> set[str]:
        """Names of the tests that fail, of all those that read a table."""
        return {
            check.name
            for check in self.values()
            if touched in check.reads and self.connection.execute(check.sql).fetchone() is not None
        }


@pytest.fixture(scope="session")
def judged(built, shared) -> Path:
    """A database with many defects at once after `dbt test`, with dbt's artifacts."""

    def make(folder: Path) -> None:
        shutil.copy(built / DATABASE, folder)
        with duckdb.connect(str(folder / DATABASE)) as connection:
            for defect in INVARIANTS:
                if defect.name in TOGETHER:
                    connection.execute(defect.sql)
        finished: subprocess.CompletedProcess = dbt(
            *("test", "--select", "test_type:data"),
            landing=SAMPLE,
            database=folder / DATABASE,
            expect=1,
        )
        (folder / "output.txt").write_text(finished.stdout)

    return once(shared / "judged", make)


@pytest.fixture(scope="session")
def results(judged) -> list[dict]:
    """dbt's own verdict on the database with many defects."""
    artifacts = judged / (Path(DATABASE).stem + "-dbt") / "target"
    return json.loads((artifacts / "run_results.json").read_text())["results"]


@pytest.fixture(scope="module")
def checks(built, judged, results, tmp_path_factory) -> Iterator[Checks]:
    """The compiled tests over a sound copy of the built database."""
    copy = tmp_path_factory.mktemp("sound") / DATABASE
    shutil.copy(built / DATABASE, copy)
    artifacts = judged / (Path(DATABASE).stem + "-dbt") / "target"
    nodes = json.loads((artifacts / "manifest.json").read_text())["nodes"]
    compiled = {result["unique_id"]: result["compiled_code"] for result in results}
    found = Checks()
    for key, node in nodes.items():
        # Tests of models that only another engine builds were not run.
        if node["resource_type"] == "test" and key in compiled:
            attached = nodes.get(node.get("attached_node") or "")
            metadata = node.get("test_metadata") or {}
            found[node["name"]] = Check(
                node["name"],
                compiled[key],
                {name.split(".")[2] for name in node["depends_on"]["nodes"]},
                metadata.get("name"),
                f"{attached['schema']}.{attached['name']}" if attached else None,
                node.get("column_name"),
                metadata.get("kwargs", {}),
            )
    with duckdb.connect(str(copy)) as found.connection:
        make_tables_of_views(found.connection)
        for sql in FILLED:
            found.connection.execute(sql)
        yield found


def make_tables_of_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the rows of each view in a table of its name, where defects can be planted."""
    views = connection.execute(
        "select schema_name || '.' || view_name, view_name from duckdb_views() where not internal"
    ).fetchall()
    for view, name in views:
        connection.execute(f"create table {view}_rows as from {view}")
        connection.execute(f"drop view {view}")
        connection.execute(f"alter table {view}_rows rename to {name}")


def planted(checks: Checks, sql: str, touched: str) -> set[str]:
    """The tests that fail while a defect is there."""
    checks.connection.execute("begin")
    try:
        changed = checks.connection.execute(sql).fetchone()
        assert changed is not None
        assert changed[0] == 1, f"the defect touches {changed[0]} rows: {sql}"
        return checks.failing(touched)
    finally:
        checks.connection.execute("rollback")


def defect_for(checks: Checks, check: Check) -> str:
    """The defect that a generic test is there for, in one row of its table."""
    table, column = check.table, check.column
    at_least, at_most = (check.arguments.get(name) for name in ("at_least", "at_most"))
    match check.kind:
        case "is_unique_by" | "unique":
            return f"insert into {table} select * from {table} where rowid = {last(table)}"
        case "not_null":
            return one(table, f"{column} = null")
        case "accepted_values":
            # The row of all relations is held against the others, which hold it alone.
            where = "relation != 'all'" if table == "marts.trait_drift" else "true"
            return one(table, f"{column} = 'nonsense'", where)
        case "is_finite":
            return one(table, f"{column} = 'infinity'", f"{column} is not null")
        case "is_within" if at_most is not None:
            return one(table, f"{column} = {at_most} + 0.5", f"{column} is not null")
        case "is_within":
            return one(table, f"{column} = {at_least} - 1", f"{column} is not null")
        case "references_rows_of":
            nobody = "8" if column.endswith("_days") else "'no/such'"
            return one(table, f"{column} = {nobody}", check.arguments.get("condition", "true"))
    raise AssertionError(f"no defect is known for the generic test {check.kind}: add one here")


def fails_beside(checks: Checks, check: Check) -> set[str]:
    """What fails beside a generic test: the bounds of an infinite value, and what ALSO lists."""
    bounds = checks.get(f"{check.node}_{check.column}_is_within_bounds")
    is_out_of_bounds = check.kind == "is_finite" and bounds and "at_most" in bounds.arguments
    return ALSO.get(check.name, set()) | ({bounds.name} if is_out_of_bounds else set())


MAY = {
    # Some models descend from a root that an owner has, and some on a date.
    "hub_models_has_one_row_per_model_id": {"assert_flows_count_every_new_derivative"},
    "hub_models_generation_is_within_bounds": {
        "assert_flows_count_every_new_derivative",
        "assert_owners_hold_every_model",
        "assert_families_are_their_members",
    },
    # An entrant that is counted twice shifts the ranks of those behind it, if there are any.
    "release_races_has_one_row_per_base_and_entrant": {
        "assert_ranks_start_at_one_and_leave_no_gap"
    },
}
"""What fails beside a generic test for some rows and not for others: rows have no order."""


def test_dbt_names_the_broken_tests_and_no_others(judged, results):
    expected = {name for defect in INVARIANTS if defect.name in TOGETHER for name in defect.fails}
    assert len(expected) == len(TOGETHER)
    failed = {
        result["unique_id"].split(".")[2]
        for result in results
        if result["status"] != "pass"
        if result["unique_id"].startswith("test.")
    }
    assert failed == expected


def test_the_built_sample_passes_every_test(checks):
    for check in checks.values():
        assert checks.connection.execute(check.sql).fetchone() is None, check.name


@pytest.mark.parametrize("defect", INVARIANTS, ids=lambda defect: defect.name)
def test_an_invariant_fails_alone(checks, defect):
    words = defect.sql.split()
    table = words[words.index("from" if words[0] == "delete" else "update") + 1]
    assert planted(checks, defect.sql, table.split(".")[1]) == defect.fails


def test_every_invariant_has_its_defect(checks):
    singular = {check.name for check in checks.values() if check.kind is None}
    assert singular == {name for defect in INVARIANTS for name in defect.fails}


KINDS = ["is_unique_by", "unique", "not_null", "accepted_values", "is_finite", "is_within"]
KINDS += ["references_rows_of"]


@pytest.mark.parametrize("kind", KINDS)
def test_generic_tests_of_a_kind_fail_alone(checks, kind):
    wrong = {}
    of_kind = [check for check in checks.values() if check.kind == kind]
    assert of_kind
    for check in of_kind:
        # A table that is empty for the sample: two rows of nothing are the same row twice.
        if checks.connection.execute(f"select count(*) from {check.table}").fetchone() == (0,):
            checks.connection.execute(f"insert into {check.table} default values")
        failing = planted(checks, defect_for(checks, check), check.node)
        expected = {check.name} | fails_beside(checks, check)
        beside = failing - expected - MAY.get(check.name, set())
        if beside or not expected <= failing:
            wrong[check.name] = {"missing": expected - failing, "beside": beside}
    assert wrong == {}


def test_every_kind_of_generic_test_is_planted(checks):
    assert {check.kind for check in checks.values()} == {None, *KINDS}
    assert set(ALSO) <= set(checks)

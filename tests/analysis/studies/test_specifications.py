"""The specifications are data that a reader can review; here they are held to their words."""

import dataclasses
import re

import pytest

from analysis.figures.wording import LABELS
from analysis.studies.designs import event_study, instruments, window_matching
from analysis.studies.estimating import estimate
from analysis.studies.estimation.equations import ESTIMATORS
from analysis.studies.methods import METHODS
from analysis.studies.specifications import (
    FAMILY_COLUMN,
    all_specifications,
    chosen,
    document,
    fitted_to,
    record,
    sample_sql,
)
from analysis.studies.variables import open_exports
from hub_lineage.errors import StudyError

EVERY = {one.specification_id: one for one in all_specifications()}
MINIMAL = {
    "id": "X1", "study": "racing", "role": "r", "title": "t", "question": "q", "view": "entrants",
    "sample": "main", "outcome": "likes", "estimator": "ols", "interest": {"log_rank": -1},
}  # fmt: skip


def test_every_row_of_both_studies_is_there():
    rows = list(dict.fromkeys(one.row for one in all_specifications()))
    assert rows == [*(f"RR{n}" for n in range(1, 29)), *(f"DM{n}" for n in range(1, 12))]


def test_the_primary_family_is_rank_and_crowding_in_the_headlines():
    primary = {
        name: set(one.interest)
        for name, one in EVERY.items()
        if one.family == "primary" and one.study == "racing"
    }
    headlines = ("RR4", "RR5", "RR6", "RR28", "RR28.prominence")
    assert primary == {name: {"log_rank", "log_crowd_30"} for name in headlines}


@pytest.mark.parametrize("name", ["RR4", "RR5", "RR6", "RR28"])
def test_each_headline_has_the_jackknife_and_every_robustness_check(name):
    assert EVERY[name].jackknife
    assert {f"{name}.{check}" for check in document()["robustness"]} <= set(EVERY)


@pytest.mark.parametrize("name", ["RR4", "RR5", "RR6", "RR28", "DM1.marginal", "DM2", "DM5"])
def test_each_headline_is_estimated_with_errors_that_correlate_within_owners_too(name):
    one, other = EVERY[name], EVERY[f"{name}.owner_clusters"]
    assert one.equation == dataclasses.replace(other.equation, clusters=one.clusters)
    family = FAMILY_COLUMN[one.view]
    assert other.clusters == (family, "owner")
    assert one.sql(["*"]) == other.sql(["*"])


def test_the_specification_with_all_prominence_is_that_of_base_and_month_with_more_controls():
    one, other = EVERY["RR5"], EVERY["RR25.all_at_entry"]
    assert set(other.controls) > set(one.controls)
    assert other.jackknife
    same = dataclasses.replace(other.equation, terms=one.equation.terms)
    assert same == one.equation
    assert set(other.controls) - {"log_size", "size_unknown", "log_age"} == set(
        other.options["proxies"]
    )


@pytest.mark.parametrize(
    "one",
    [one for one in EVERY.values() if one.row == "RR25" and "proxies" in one.options],
    ids=lambda one: one.specification_id,
)
def test_measures_of_prominence_are_controls_known_at_entry(one):
    assert set(one.options["proxies"]) <= set(one.controls)
    assert not [term for term in one.controls if re.search(r"_now$|_snapshot$", term)]
    other = f"{one.specification_id}.months"
    assert one.fixed_effects == ("parent_id", "month") or (
        EVERY[other].fixed_effects == ("parent_id", "month")
    )


def test_variants_do_not_inherit_the_jackknife_nor_the_primary_family():
    variants = [one for name, one in EVERY.items() if name.startswith("RR4.")]
    assert variants
    assert not any(one.jackknife or one.family == "primary" for one in variants)


@pytest.mark.parametrize("one", all_specifications(), ids=lambda one: one.specification_id)
def test_each_specification_can_be_asked(one):
    assert one.estimator in ESTIMATORS
    assert one.method in METHODS or one.method == "curve"
    assert one.interest
    assert set(one.interest.values()) <= {-1, 0, 1, None}
    assert not set(one.interest) & set(one.controls)
    assert one.clusters
    assert "{" not in one.sql()


def test_base_fixed_effects_never_meet_linear_lag_and_linear_age():
    for one in all_specifications():
        assert not {"lag_days", "age_days"} <= {*one.interest, *one.controls}


def test_headlines_use_no_prominence_from_the_snapshot():
    for name in ("RR2", "RR3", "RR4", "RR5", "RR6", "RR7"):
        assert not [term for term in EVERY[name].controls if re.search(r"_now$", term)]


def test_the_age_free_variant_is_marked_as_a_warning():
    assert EVERY["RR4.without_age"].role == "warning"
    assert "log_age" not in EVERY["RR4.without_age"].controls


def test_a_row_is_chosen_with_its_variants_and_an_id_alone():
    assert {one.row for one in chosen(["RR13"])} == {"RR13"}
    assert len(chosen(["RR13"])) > 1
    assert [one.specification_id for one in chosen(["RR13.7d"])] == ["RR13.7d"]
    assert chosen([]) == all_specifications()


def test_an_unknown_name_is_one_line_that_says_what_there_is():
    with pytest.raises(StudyError, match=r"no specification 'RR99'; there are RR1, RR2"):
        chosen(["RR99"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcom": "likes"}, "unknown field 'outcom'"),
        ({"study": "cooking"}, "study 'cooking'"),
        ({"view": "models"}, "view 'models'"),
        ({"family": "secondary"}, "family 'secondary'"),
    ],
)
def test_a_mistake_in_the_file_is_refused(change, words):
    with pytest.raises(StudyError, match=words):
        record(MINIMAL | change, "X1")


def test_a_robustness_check_takes_the_family_and_the_outcome_of_its_specification():
    change = {"and": "{family} is not null", "columns": {"cut": "{outcome} + 1"}}
    assert fitted_to(change, MINIMAL) == {
        "and": "parent_id is not null",
        "columns": {"cut": "likes + 1"},
    }


def test_a_check_over_more_bases_changes_nothing_else_about_the_sample(sample_exports):
    """Of RR6, whose sample holds the young, they stay; of the others they stay out."""
    connection = open_exports(sample_exports).connection

    def entrants_of(name: str, listed: str) -> set[tuple]:
        sample = sample_sql(EVERY[name].sample)
        return set(
            connection.execute(
                f"select parent_id, child_id from entrants where ({sample}) and {listed}"
            ).fetchall()
        )

    for name in ("RR4", "RR5", "RR6"):
        both = f"{name}.any_base"
        assert entrants_of(both, "is_base_listed") == entrants_of(name, "is_base_listed")
        assert not entrants_of(name, "not is_base_listed")
        assert entrants_of(both, "not is_base_listed")


def test_the_headline_of_the_index_varies_among_those_built_upon(sample_exports):
    result = estimate(open_exports(sample_exports), EVERY["DM2"], seed=1)
    assert (EVERY["DM2"].family, EVERY["DM2"].outcome) == ("primary", "mdi")
    assert (result.status, result.reason) == ("ok", "")
    found = {row["term"]: row for row in result.estimates}
    for term in EVERY["DM2"].interest:
        assert found[term]["jackknife_standard_error"] > 0


def test_the_index_under_rewiring_claims_nothing_of_in_degree():
    """Rewiring holds each focal's takers fixed."""
    assert "log_in_degree" not in EVERY["DM6"].interest
    assert "log_in_degree" in EVERY["DM6"].controls


@pytest.mark.parametrize("one", all_specifications(), ids=lambda one: one.specification_id)
def test_everything_that_tables_name_has_a_label(one):
    further = [term for each in one.further.values() for term in each["interest"]]
    named = (
        *one.interest,
        *one.controls,
        *one.factors,
        *one.fixed_effects,
        *one.clusters,
        *further,
    )
    assert [name for name in named if name not in LABELS] == []
    assert one.estimator in LABELS


def test_the_terms_that_designs_bring_with_them_have_a_label():
    designs = (
        event_study.CONTROLS, instruments.CONTROLS, instruments.CLOCK, window_matching.BALANCED,
    )  # fmt: skip
    assert [term for terms in designs for term in terms if term not in LABELS] == []


def test_no_two_terms_of_a_specification_have_the_same_label():
    for one in all_specifications():
        terms = [*one.interest, *one.controls]
        assert len({LABELS[term] for term in terms}) == len(terms)

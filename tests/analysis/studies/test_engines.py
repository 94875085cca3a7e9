"""The engines agree with each other, with statsmodels and linearmodels, with algebra done by hand,
and say in one line what they cannot estimate."""

import gc
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyfixest
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS
from made_up_families import families
from scipy import stats
from statsmodels.discrete.conditional_models import ConditionalLogit

from analysis.studies.estimation import (
    SMALL_SAMPLE,
    Equation,
    EstimationError,
    NotConverged,
    NotIdentified,
    TooFewClusters,
    absorbing,
    average_marginal_effects,
    effective_clusters,
    fit,
    refuse_unidentified,
)
from analysis.studies.estimation.conditional import ConditionalLikelihood
from analysis.studies.estimation.matrices import design_of

FRAME = families()
OUTCOME = {"ols": "log_likes", "poisson": "likes", "logit": "has_likes"}
TERMS = ("log_rank", "size")


def equation(estimator: str = "ols", **changes) -> Equation:
    return Equation(OUTCOME[estimator], TERMS, estimator=estimator, **changes)


def assert_same(one, other, estimates=1e-8, covariance=1e-7):
    """Two fits agree; tolerances relative to the standard errors."""
    assert one.terms == other.terms
    assert one.n_used == other.n_used
    errors = np.sqrt(np.diag(other.covariance))
    np.testing.assert_allclose(one.estimates / errors, other.estimates / errors, atol=estimates)
    scale = np.outer(errors, errors)
    np.testing.assert_allclose(one.covariance / scale, other.covariance / scale, atol=covariance)


# Engines against each other


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_the_private_attributes_that_the_adapter_reads_are_there(engine, estimator):
    """What an upgrade of pyfixest or fereg may take away."""
    library = pytest.importorskip(engine)
    estimate = {"ols": library.feols, "poisson": library.fepois, "logit": library.feglm}[estimator]
    options = {"family": "logit"} if estimator == "logit" else {}
    model = estimate(
        f"{OUTCOME[estimator]} ~ log_rank | month", FRAME, vcov={"CRV1": "parent_id"}, **options
    )
    assert list(model._coefnames) == ["log_rank"]
    assert np.shape(model._vcov) == (1, 1)
    assert np.isfinite(np.asarray(model._beta_hat, dtype=float)).all()
    assert len(np.ravel(model._Y_hat_response)) == len(FRAME)
    if estimator == "ols":
        assert model._df_t == FRAME["parent_id"].nunique() - 1
        assert 0 < model._r2_within < model._r2 < 1
    else:
        assert model.convergence is True
    if engine == "fereg" and estimator != "ols":
        assert model._irls_iterations > 1


@pytest.mark.parametrize("clusters", [(), ("iid",), ("parent_id",), ("parent_id", "owner")])
@pytest.mark.parametrize("fixed_effects", [(), ("parent_id",), ("parent_id", "month")])
@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_pyfixest_and_fereg_agree(estimator, fixed_effects, clusters):
    pytest.importorskip("fereg")
    asked = equation(
        estimator, factors=("relation",), fixed_effects=fixed_effects, clusters=clusters
    )
    one, other = fit(FRAME, asked, engine="pyfixest"), fit(FRAME, asked, engine="fereg")
    # pyfixest weighs a pooled logit as before its last step: "auto" leaves those to statsmodels.
    is_loose = estimator == "logit" and not fixed_effects
    assert_same(one, other, covariance=1e-5 if is_loose else 1e-7)
    assert one.degrees_of_freedom == other.degrees_of_freedom
    assert one.r2 == pytest.approx(other.r2, rel=1e-10)
    assert one.r2_within == pytest.approx(other.r2_within, rel=1e-10)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_absorbing_a_fixed_effect_is_fitting_its_dummies(estimator):
    """Errors are left uncorrected: statsmodels counts each dummy as a parameter."""
    clusters = ("parent_id",)
    absorbed = equation(estimator, fixed_effects=("month", "owner"), clusters=clusters)
    dummies = equation(estimator, factors=("month", "owner"), clusters=clusters)
    one = fit(FRAME, absorbed, engine="pyfixest", small_sample="cr0")
    other = fit(FRAME, dummies, engine="statsmodels", small_sample="cr0")
    assert one.terms == TERMS
    assert other.terms[:2] == TERMS
    assert one.n_used == other.n_used
    for term in TERMS:
        for name, value in one.row(term).items():
            assert value == pytest.approx(other.row(term)[name], rel=1e-6, abs=1e-12), (term, name)


@pytest.mark.parametrize("clusters", [(), ("iid",), ("owner",), ("parent_id", "owner")])
@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_pooled_pyfixest_and_statsmodels_agree_in_each_convention(estimator, clusters):
    asked = equation(estimator, clusters=clusters)
    for convention in ("nonnested", "clusters_only", "cr0"):
        one = fit(FRAME, asked, engine="pyfixest", small_sample=convention)
        other = fit(FRAME, asked, engine="statsmodels", small_sample=convention)
        if clusters == ("iid",) and estimator == "ols" and not SMALL_SAMPLE[convention].k_adj:
            continue  # pyfixest then divides by N, not by N - K: nobody's convention
        assert_same(one, other, covariance=1e-5)


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
def test_one_engine_twice_gives_the_same_numbers(engine):
    pytest.importorskip(engine)
    asked = equation("poisson", fixed_effects=("parent_id", "month"), clusters=("parent_id",))
    assert_same(fit(FRAME, asked, engine=engine), fit(FRAME, asked, engine=engine), 1e-12, 1e-11)


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_many_rows_with_fixed_effects_go_to_the_fast_engine(monkeypatch, estimator):
    pytest.importorskip("fereg")
    monkeypatch.setattr("analysis.studies.estimation.fitting.LARGE", len(FRAME))
    absorbed = equation(estimator, fixed_effects=("parent_id",))
    assert fit(FRAME, absorbed).engine == "fereg"
    assert fit(FRAME.iloc[1:], absorbed).engine == "pyfixest"
    without = "fereg" if estimator == "ols" else "statsmodels"
    assert fit(FRAME, equation(estimator)).engine == without
    monkeypatch.setitem(sys.modules, "fereg", None)
    assert fit(FRAME, absorbed).engine == "pyfixest"


def test_a_large_fit_leaves_none_of_its_matrices_behind(monkeypatch):
    monkeypatch.setattr(absorbing, "LARGE", 1)
    gc.collect()
    gc.disable()
    try:
        fit(FRAME, equation(), engine="pyfixest")
        left = [
            one for one in gc.get_objects() if str(type(one).__module__).startswith("pyfixest.")
        ]
    finally:
        gc.enable()
    assert not [one for one in left if hasattr(one, "_X")]


def test_an_engine_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fereg", None)
    with pytest.raises(EstimationError, match="'fereg' is not installed"):
        fit(FRAME, equation(), engine="fereg")
    assert fit(FRAME, equation()).engine == "pyfixest"


# Engines against algebra


def test_one_fixed_effect_is_the_regression_of_what_is_left_of_its_means():
    """Frisch, Waugh and Lovell by bincount: estimates, CRV1 and R2 within."""
    asked = equation(fixed_effects=("parent_id",), clusters=("parent_id",))
    found = fit(FRAME, asked)
    size = FRAME.groupby("parent_id")["size"].transform("size")
    rows = FRAME[size > 1]
    codes = rows["parent_id"].astype("category").cat.codes.to_numpy()
    counts = np.bincount(codes)

    def within(column):
        values = rows[column].to_numpy(dtype=float)
        return values - (np.bincount(codes, weights=values) / counts)[codes]

    x, y = np.column_stack([within(term) for term in TERMS]), within("log_likes")
    estimates = np.linalg.solve(x.T @ x, x.T @ y)
    residuals = y - x @ estimates
    sums = np.column_stack([np.bincount(codes, weights=c * residuals) for c in x.T])
    bread = np.linalg.inv(x.T @ x)
    n, k, g = len(rows), x.shape[1], len(counts)
    # The base is nested in its cluster: its means count as one parameter.
    correction = (n - 1) / (n - k - 1) * g / (g - 1)
    np.testing.assert_allclose(found.estimates, estimates, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, correction * bread @ sums.T @ sums @ bread)
    assert found.n_used == n
    assert found.n_singleton == len(FRAME) - n
    assert found.n_clusters == (g,)
    assert found.r2_within == pytest.approx(1 - residuals @ residuals / (y @ y), rel=1e-10)


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
def test_a_poisson_leaves_no_residual_in_any_level_nor_along_any_term(engine):
    """The score equations: each fixed effect and each term takes up its part of the outcome."""
    pytest.importorskip(engine)
    asked = equation("poisson", fixed_effects=("parent_id", "month"), clusters=("parent_id",))
    found = fit(FRAME, asked, engine=engine)
    rows = FRAME.iloc[found.rows]
    residual = rows["likes"] - found.fitted
    for name in ("parent_id", "month"):
        assert residual.groupby(rows[name]).sum().abs().max() < 1e-6
    for term in TERMS:
        assert abs(residual @ rows[term]) < 1e-6
    assert found.fitted.sum() == pytest.approx(rows["likes"].sum(), rel=1e-9)


def test_intervals_are_those_of_students_t_with_one_less_than_the_clusters():
    found = fit(FRAME, equation(clusters=("owner",)))
    row = found.row("size")
    error = np.sqrt(found.covariance[1, 1])
    assert found.degrees_of_freedom == FRAME["owner"].nunique() - 1
    reach = stats.t(found.degrees_of_freedom).ppf(0.975) * error
    assert row["low"] == pytest.approx(row["estimate"] - reach)
    assert row["high"] == pytest.approx(row["estimate"] + reach)
    expected = 2 * stats.t(found.degrees_of_freedom).sf(abs(row["estimate"]) / error)
    assert row["p_value"] == pytest.approx(expected)
    both = fit(FRAME, equation(clusters=("parent_id", "owner")))
    assert both.degrees_of_freedom == min(both.n_clusters) - 1
    assert fit(FRAME, equation()).degrees_of_freedom == len(FRAME) - 3
    assert fit(FRAME, equation("poisson")).degrees_of_freedom == np.inf


# Engines against statsmodels' own covariance, and what else statsmodels does


@pytest.mark.parametrize("estimator", ["poisson", "logit", "negative_binomial"])
def test_clustered_errors_are_those_of_statsmodels(estimator):
    outcome = OUTCOME.get(estimator, "likes")
    asked = Equation(outcome, TERMS, estimator=estimator, clusters=("owner",))
    found = fit(FRAME, asked, engine="statsmodels", small_sample="cr0")
    design = sm.add_constant(FRAME[list(TERMS)], prepend=False)
    groups = FRAME["owner"].astype("category").cat.codes
    model = {"poisson": sm.Poisson, "logit": sm.Logit, "negative_binomial": sm.NegativeBinomial}
    options = {"groups": groups, "use_correction": False}
    result = model[estimator](FRAME[outcome], design).fit(
        disp=0, cov_type="cluster", cov_kwds=options, maxiter=1000, gtol=1e-8
    )
    named = dict(zip(found.terms, np.sqrt(np.diag(found.covariance)), strict=True))
    for position, term in enumerate([*TERMS, "constant", "alpha"][: len(result.params)]):
        at = found.terms.index(term)
        assert found.estimates[at] == pytest.approx(result.params.iloc[position], rel=1e-4)
        assert named[term] == pytest.approx(result.bse.iloc[position], rel=1e-3)
    assert found.log_likelihood == pytest.approx(result.llf, rel=1e-9)
    assert found.pseudo_r2 == pytest.approx(result.prsquared, rel=1e-5)


def test_a_fractional_logit_is_a_binomial_glm_with_robust_errors():
    asked = Equation("share", TERMS, estimator="fractional_logit", clusters=("owner",))
    found = fit(FRAME, asked, small_sample="cr0")
    design = sm.add_constant(FRAME[list(TERMS)], prepend=False)
    options = {"groups": FRAME["owner"].astype("category").cat.codes, "use_correction": False}
    result = sm.GLM(FRAME["share"], design, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds=options
    )
    np.testing.assert_allclose(found.estimates, result.params, rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), result.bse, rtol=1e-7)


def test_a_likelihood_without_a_top_is_an_error():
    """Counts that vary less than a Poisson have no negative binomial: alpha falls to zero."""
    random = np.random.default_rng(5)
    rows = pd.DataFrame({"likes": random.binomial(4, 0.5, 500), "size": random.normal(size=500)})
    with pytest.raises(NotConverged):
        fit(rows, Equation("likes", ("size",), estimator="negative_binomial"))


def test_a_conditional_logit_of_pairs_is_a_logit_of_their_differences():
    """In pairs with one success the conditional likelihood is that of x(success) - x(failure)."""
    random = np.random.default_rng(7)
    n_pairs = 400
    pair = np.repeat(np.arange(n_pairs), 2)
    x = random.normal(0, 1, (2 * n_pairs, 2)) + random.normal(0, 1, n_pairs)[pair][:, None]
    y = random.random(2 * n_pairs) < 1 / (1 + np.exp(-(x @ [0.8, -0.4])))
    rows = pd.DataFrame({"y": y.astype(int), "a": x[:, 0], "b": x[:, 1], "pair": pair})
    asked = Equation("y", ("a", "b"), fixed_effects=("pair",), estimator="conditional_logit")
    found = fit(rows, replace(asked, clusters=("iid",)))
    robust = fit(rows, replace(asked, clusters=("pair",)), small_sample="cr0")
    first, second = rows.iloc[0::2], rows.iloc[1::2]
    is_mixed = first["y"].to_numpy() != second["y"].to_numpy()
    gap = (first[["a", "b"]].to_numpy() - second[["a", "b"]].to_numpy())[is_mixed]
    oracle = sm.Logit(first["y"].to_numpy()[is_mixed], gap).fit(disp=0, cov_type="HC0")
    np.testing.assert_allclose(found.estimates, oracle.params, rtol=1e-6)
    np.testing.assert_allclose(robust.covariance, oracle.cov_params(), rtol=1e-5)
    np.testing.assert_allclose(
        np.diag(found.covariance), np.diag(np.linalg.inv(-oracle.model.hessian(oracle.params))),
        rtol=1e-5,
    )  # fmt: skip
    assert found.n_used == 2 * is_mixed.sum()
    assert found.n_separated == 2 * (~is_mixed).sum()
    assert found.log_likelihood == pytest.approx(oracle.llf, rel=1e-9)


def test_the_conditional_likelihood_of_larger_families_is_that_of_statsmodels():
    """Families of 2 to 9 with any number of ones; the Hessian by differences of the score."""
    random = np.random.default_rng(11)
    family = np.repeat(np.arange(120), random.integers(2, 10, 120))
    x = random.normal(size=(len(family), 3))
    y = (random.random(len(family)) < 0.4).astype(float)
    ones = np.bincount(family, weights=y)
    stays = ((ones > 0) & (ones < np.bincount(family)))[family]
    family = np.unique(family[stays], return_inverse=True)[1]
    shuffled = random.permutation(len(family))
    family, x, y = family[shuffled], x[stays][shuffled], y[stays][shuffled]
    ours, theirs = ConditionalLikelihood(y, x, family), ConditionalLogit(y, x, groups=family)
    at, step = np.array([0.7, -1.1, 0.3]), 1e-6 * np.eye(3)
    assert ours.loglike(at) == pytest.approx(theirs.loglike(at), rel=1e-10)
    np.testing.assert_allclose(ours.score(at), theirs.score(at), rtol=1e-8)
    by_differences = [(ours.score(at + one) - ours.score(at - one)) / 2e-6 for one in step]
    np.testing.assert_allclose(ours.hessian(at), by_differences, rtol=1e-6, atol=1e-6)
    assert ours.loglike(20 * at) == pytest.approx(theirs.loglike(20 * at), rel=1e-10)
    assert ours.loglike(3000 * at) == -np.inf


def test_a_conditional_logit_refuses_clusters_that_cut_its_families():
    asked = equation("logit", fixed_effects=("parent_id",), clusters=("owner",))
    with pytest.raises(EstimationError, match="must contain its families"):
        fit(FRAME, replace(asked, estimator="conditional_logit"))


# Weights


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
@pytest.mark.parametrize("fixed_effects", [(), ("month",)])
def test_a_weight_counts_a_row_so_many_times(estimator, fixed_effects):
    """Estimates only: N differs. "auto" finds an engine that can."""
    asked = equation(estimator, fixed_effects=fixed_effects)
    if estimator == "logit" and fixed_effects:
        pytest.importorskip("fereg")
    weighted = fit(FRAME, replace(asked, weights="weight"))
    repeated = fit(FRAME.loc[FRAME.index.repeat(FRAME["weight"])], asked)
    np.testing.assert_allclose(weighted.estimates, repeated.estimates, rtol=1e-8)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-10)


# Invariances


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
def test_the_order_of_rows_and_the_names_of_levels_are_nothing(estimator, engine):
    pytest.importorskip(engine)
    asked = equation(
        estimator,
        factors=("relation",),
        fixed_effects=("parent_id", "month"),
        clusters=("parent_id",),
    )
    expected = fit(FRAME, asked, engine=engine)
    shuffled = FRAME.sample(frac=1, random_state=2)
    assert_same(fit(shuffled, asked, engine=engine), expected)
    number = {name: place for place, name in enumerate(sorted(set(FRAME["parent_id"]))[::-1])}
    relabelled = FRAME.assign(parent_id=FRAME["parent_id"].map(number) * 1000 - 7)
    assert_same(fit(relabelled, asked, engine=engine), expected)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e6, 1e12])
@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_the_unit_of_a_term_scales_its_coefficient_and_nothing_else(estimator, scale):
    asked = equation(estimator, fixed_effects=("parent_id", "month"), clusters=("parent_id",))
    expected = fit(FRAME, asked)
    found = fit(FRAME.assign(size=FRAME["size"] * scale), asked)
    back = np.diag([1, scale])
    scaled = replace(
        found, estimates=back @ found.estimates, covariance=back @ found.covariance @ back
    )
    assert_same(scaled, expected)


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_a_constant_added_within_each_base_moves_nothing(estimator):
    asked = equation(estimator, fixed_effects=("parent_id",), clusters=("parent_id",))
    shift = 100 * FRAME["parent_id"].str[5:].astype(float)
    moved = FRAME.assign(size=FRAME["size"] + shift)
    if estimator == "ols":
        moved["log_likes"] = moved["log_likes"] - shift
    assert_same(fit(moved, asked), fit(FRAME, asked))


def test_a_term_far_from_zero_loses_no_digits():
    """Seconds since 1970 beside a constant: centring comes before the cross products."""
    random = np.random.default_rng(11)
    second = random.integers(0, 1000, 300)
    rows = pd.DataFrame({"y": 3.0 * second, "second": second + 1_780_000_000})
    found = fit(rows, Equation("y", ("second",)))
    assert found.estimates[0] == pytest.approx(3, rel=1e-9)
    assert found.estimates[1] == pytest.approx(-3 * 1_780_000_000, rel=1e-9)


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_rows_twice_are_the_same_clusters(estimator):
    """Estimates stay; without small-sample factors so does the clustered covariance, while errors
    without clusters shrink by the square root of two."""
    asked = equation(estimator, fixed_effects=("parent_id",), clusters=("parent_id",))
    # A base of one row would become one of two equal rows, so that it counts among the clusters.
    rows = FRAME[FRAME.groupby("parent_id")["size"].transform("size") > 1]
    twice = pd.concat([rows, rows])
    one, other = fit(rows, asked, small_sample="cr0"), fit(twice, asked, small_sample="cr0")
    np.testing.assert_allclose(other.estimates, one.estimates, rtol=1e-8)
    np.testing.assert_allclose(other.covariance, one.covariance, rtol=1e-6)
    alone = replace(asked, clusters=())
    one, other = fit(rows, alone, small_sample="cr0"), fit(twice, alone, small_sample="cr0")
    np.testing.assert_allclose(2 * other.covariance, one.covariance, rtol=1e-6)


@pytest.mark.parametrize("engine", ["pyfixest", "fereg", "statsmodels"])
def test_what_a_library_says_of_its_own_columns_never_reaches_a_reader(monkeypatch, engine):
    """A reader knows neither x0 nor lsmr; the library's text stays with the cause."""
    pytest.importorskip(engine)
    library = {"statsmodels": "statsmodels.api.WLS"}.get(engine, f"{engine}.feols")

    def failing(*arguments, **options):
        raise RuntimeError("invalid solver input at lsmr:\nx0 must be finite")

    monkeypatch.setattr(library, failing)
    asked = Equation("log_likes", ("size",))
    with pytest.raises(EstimationError) as raised:
        fit(FRAME, asked, engine=engine)
    assert str(raised.value) == f"log_likes ~ size: the engine {engine} could not estimate it"
    assert "x0 must be finite" in str(raised.value.__cause__)


# What is not identified


def test_terms_that_an_engine_cannot_part_in_the_rows_used_are_told_so(monkeypatch):
    """The weights of a Poisson can leave too little to part them by, where the design does not."""

    def failing(*arguments, **options):
        raise np.linalg.LinAlgError("A singular matrix detected: slice(s) [0] are singular.")

    monkeypatch.setattr("pyfixest.fepois", failing)
    asked = equation("poisson", fixed_effects=("parent_id",))
    said = "terms cannot be told apart in the [0-9,]+ rows used"
    with pytest.raises(NotIdentified, match=said):
        fit(FRAME, asked, engine="pyfixest")


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
@pytest.mark.parametrize("estimator", ["ols", "poisson"])
def test_levels_of_a_fixed_effect_are_coefficients_too(engine, estimator):
    """Six rows in three families and three terms: six coefficients, which leave nothing."""
    pytest.importorskip(engine)
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(6, 3)), columns=["a", "b", "c"])
    frame = frame.assign(y=[1.0, 2.0, 4.0, 3.0, 1.0, 5.0], family=["f", "f", "g", "g", "h", "h"])
    asked = Equation("y", ("a", "b", "c"), fixed_effects=("family",), estimator=estimator)
    with pytest.raises(EstimationError, match="6 rows for 6 coefficients"):
        fit(frame, asked, engine=engine)
    fewer = replace(asked, terms=("a", "b"), clusters=("iid",))
    assert fit(frame, fewer, engine=engine).n_used == 6


def test_a_term_that_does_not_vary_within_bases_is_named():
    rows = FRAME.assign(base_size=FRAME["parent_id"].str[5:].astype(float) * 1e9)
    asked = Equation(
        "log_likes", ("size", "base_size"), fixed_effects=("parent_id",), clusters=("parent_id",)
    )
    with pytest.raises(NotIdentified, match="'base_size' is determined"):
        fit(rows, asked)
    found = fit(rows, asked, of_interest=("size",))
    assert found.terms == ("size",)
    assert found.dropped_terms == ("base_size",)
    with pytest.raises(NotIdentified, match="base_size"):
        found.row("base_size")
    with pytest.raises(NotIdentified, match="base_size"):
        fit(rows, replace(asked, terms=("base_size",)))


@pytest.mark.parametrize("engine", ["pyfixest", "fereg", "statsmodels"])
def test_each_engine_lets_the_later_of_two_equal_terms_fall(engine):
    pytest.importorskip(engine)
    rows = FRAME.assign(twin=3 * FRAME["size"] - 1)
    asked = Equation("has_likes", ("size", "log_rank", "twin"), estimator="logit")
    found = fit(rows, asked, engine=engine, of_interest=("size",))
    assert found.dropped_terms == ("twin",)
    assert_same(found, fit(FRAME, replace(asked, terms=("size", "log_rank")), engine=engine))


def test_lag_and_age_are_one_variable_beside_effects_of_the_base():
    """Also rounded to days, when the engines see two columns that are nearly, not exactly, one."""
    random = np.random.default_rng(13)
    rows = FRAME.assign(
        lag_days=random.uniform(0, 300, len(FRAME)),
        base_month=FRAME["parent_id"] + FRAME["month"],
        cell=FRAME["parent_id"] + FRAME["relation"],
    )
    born = random.uniform(0, 300, 150)[rows["parent_id"].str[5:].astype(int)]
    rows["age_days"] = np.floor(600 - born - rows["lag_days"])
    asked = Equation("log_likes", ("lag_days", "age_days", "size"), clusters=("parent_id",))
    for name in ("parent_id", "base_month", "cell"):
        with pytest.raises(NotIdentified, match="'lag_days' and 'age_days'"):
            fit(rows, replace(asked, fixed_effects=("month", name)))
    assert fit(rows, replace(asked, fixed_effects=("month",))).n_used == len(rows)
    rows["log_age"] = np.log(rows["age_days"] + 1)
    logged = replace(asked, terms=("lag_days", "log_age"), fixed_effects=("parent_id",))
    refuse_unidentified(logged)
    assert "log_age" in fit(rows, logged).terms


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
def test_an_outcome_that_the_fixed_effects_determine_is_an_error(engine):
    """Estimates would be zero but for rounding, and so would their errors; fereg says it itself."""
    pytest.importorskip(engine)
    rows = FRAME.assign(base_size=FRAME["parent_id"].str[5:].astype(float))
    asked = Equation("base_size", TERMS, fixed_effects=("parent_id",), clusters=("parent_id",))
    with pytest.raises(EstimationError, match="a perfect fit" if engine == "pyfixest" else ""):
        fit(rows, asked, engine=engine)


# Separation


@pytest.mark.parametrize("engine", ["pyfixest", "fereg", "statsmodels"])
@pytest.mark.parametrize("estimator", ["poisson", "logit"])
@pytest.mark.parametrize("kind", ["flag", "amount"])
def test_rows_that_a_term_separates_leave_and_the_term_falls(engine, estimator, kind):
    """The fit is that of the rows without them, and the count says how many."""
    pytest.importorskip(engine)
    random = np.random.default_rng(17)
    is_hit = (FRAME["likes"] == 0) & (random.random(len(FRAME)) < 0.02)
    size = 1.0 if kind == "flag" else random.uniform(0.5, 5, len(FRAME))
    rows = FRAME.assign(bad=np.where(is_hit, size, 0.0))
    fixed_effects = () if engine == "statsmodels" else ("parent_id", "month")
    asked = equation(estimator, fixed_effects=fixed_effects, clusters=("parent_id",))
    with pytest.raises(NotIdentified, match="'bad'"):
        fit(rows, replace(asked, terms=(*TERMS, "bad")), engine=engine)
    found = fit(rows, replace(asked, terms=(*TERMS, "bad")), engine=engine, of_interest=TERMS)
    without = fit(rows[~is_hit], asked, engine=engine)
    assert_same(found, without)
    assert found.n_separated + found.n_singleton == (
        without.n_separated + without.n_singleton + is_hit.sum()
    )


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
@pytest.mark.parametrize("estimator", ["poisson", "logit"])
def test_separated_rows_are_found_where_the_iterations_stop_early(monkeypatch, engine, estimator):
    """As they do where the deviance of many rows hides that of a few: one more step tells them."""
    pytest.importorskip(engine)
    monkeypatch.setattr(absorbing, "GLM_TOLERANCE", 1e-6)
    random = np.random.default_rng(19)
    bad = ((FRAME["likes"] == 0) & (random.random(len(FRAME)) < 0.01)).astype(float)
    rows = FRAME.assign(bad=bad)
    asked = replace(equation(estimator, fixed_effects=("month",)), terms=("size", "bad"))
    solve = absorbing.absorbing_solver(engine)
    early = solve(design_of(rows, asked), asked, SMALL_SAMPLE["clusters_only"])
    assert early.fitted[bad == 1].min() > 1e-7
    found = fit(rows, asked, engine=engine, of_interest=("size",))
    assert found.n_separated == bad.sum() > 0
    assert found.dropped_terms == ("bad",)


def test_small_means_alone_are_no_separation():
    """Rows of a steep term have means near zero, and stay."""
    random = np.random.default_rng(23)
    size = np.linspace(-12, 3, 2000)
    rows = pd.DataFrame({"likes": random.poisson(np.exp(size)), "size": size})
    found = fit(rows, Equation("likes", ("size",), estimator="poisson"))
    assert found.fitted.min() < 1e-5
    assert found.n_separated == 0
    assert found.n_used == len(rows)


def test_a_perfect_prediction_is_an_error():
    rows = FRAME.assign(has_likes=(FRAME["size"] > 0).astype(int))
    with pytest.raises(EstimationError, match="separate"):
        fit(rows, Equation("has_likes", ("size",), estimator="logit"))


# Instruments


IV = Equation(
    "recognition",
    ("crowd", "size"),
    estimator="iv",
    endogenous=("crowd",),
    instruments=("instrument",),
)


def by_linearmodels(instruments, **covariance):
    exogenous = sm.add_constant(FRAME[["size"]], prepend=False)
    model = IV2SLS(FRAME["recognition"], exogenous, FRAME[["crowd"]], FRAME[list(instruments)])
    return model.fit(**covariance)


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
@pytest.mark.parametrize("instruments", [("instrument",), ("instrument", "second_instrument")])
def test_instrumental_variables_are_those_of_linearmodels(engine, instruments):
    pytest.importorskip(engine)
    asked = replace(IV, instruments=instruments, clusters=("owner",))
    found = fit(FRAME, asked, engine=engine, small_sample="cr0")
    oracle = by_linearmodels(
        instruments,
        cov_type="clustered",
        clusters=FRAME["owner"].astype("category").cat.codes,
    )
    for term in ("crowd", "size"):
        row = found.row(term)
        assert row["estimate"] == pytest.approx(oracle.params[term], rel=1e-9)
        assert row["standard_error"] == pytest.approx(oracle.std_errors[term], rel=1e-8)
    assert found.first_stage["n_instruments"] == len(instruments)
    classical = fit(FRAME, replace(asked, clusters=("iid",)), engine=engine)
    oracle = by_linearmodels(instruments, cov_type="unadjusted")
    hausman = oracle.wu_hausman()
    assert classical.first_stage["wu_hausman"] == pytest.approx(hausman.stat, rel=1e-8)
    assert classical.first_stage["wu_hausman_p"] == pytest.approx(hausman.pval, rel=1e-6)


@pytest.mark.parametrize("fixed_effects", [(), ("month",)])
def test_the_first_stage_is_the_squared_t_of_one_instrument(fixed_effects):
    """And so is the effective F, with the errors of the equation."""
    asked = replace(IV, clusters=("parent_id",), fixed_effects=fixed_effects)
    found = fit(FRAME, asked).first_stage
    first = Equation(
        "crowd", ("instrument", "size"), fixed_effects=fixed_effects, clusters=("parent_id",)
    )
    row = fit(FRAME, first).row("instrument")
    expected = (row["estimate"] / row["standard_error"]) ** 2
    assert found["f_statistic"] == pytest.approx(expected, rel=1e-8)
    assert found["effective_f"] == pytest.approx(expected, rel=1e-8)


def test_the_effective_f_weighs_instruments_by_their_cross_products():
    """With classical errors it is F; with robust ones b'Qb / tr(VQ), here by hand."""
    asked = replace(IV, instruments=("instrument", "second_instrument"), clusters=("iid",))
    for weights in (None, "weight"):
        classical = fit(FRAME, replace(asked, weights=weights)).first_stage
        assert classical["effective_f"] == pytest.approx(classical["f_statistic"], rel=1e-8)
    robust = fit(FRAME, replace(asked, clusters=()), small_sample="cr0").first_stage
    names = ["instrument", "second_instrument"]
    design = sm.add_constant(FRAME[[*names, "size"]], prepend=False).to_numpy(dtype=float)
    first = sm.OLS(FRAME["crowd"].to_numpy(), design).fit(cov_type="HC0")
    others = design[:, 2:]
    z = design[:, :2] - others @ np.linalg.lstsq(others, design[:, :2])[0]
    b, v, q = first.params[:2], first.cov_params()[:2, :2], z.T @ z
    assert robust["effective_f"] == pytest.approx(b @ q @ b / np.trace(v @ q), rel=1e-8)
    assert robust["f_statistic"] == pytest.approx(b @ np.linalg.inv(v) @ b / 2, rel=1e-8)
    assert robust["anderson_rubin_shape"] is None


@pytest.mark.parametrize(
    ("strength", "seed", "shape"), [(0.6, 0, "interval"), (0.02, 1, "rays"), (0.0, 0, "line")]
)
def test_the_anderson_rubin_set_holds_what_the_instrument_does_not_reject(strength, seed, shape):
    """Each value on a grid is tested by a regression of y - b x on the instrument."""
    random = np.random.default_rng(seed)
    n_rows = 200
    z, hidden = random.normal(0, 1, n_rows), random.normal(0, 1, n_rows)
    x = strength * z + hidden + 0.5 * random.normal(0, 1, n_rows)
    y = 0.5 * x + hidden + random.normal(0, 1, n_rows) + (0.3 * z if shape == "rays" else 0)
    rows = pd.DataFrame({"y": 100 * y, "x": x / 10, "z": z})
    asked = Equation("y", ("x",), estimator="iv", endogenous=("x",), instruments=("z",))
    found = fit(rows, asked).first_stage
    assert found["anderson_rubin_shape"] == shape
    low, high = found["anderson_rubin_low"], found["anderson_rubin_high"]
    for b in np.linspace(-20_000, 20_000, 81):
        rest = sm.OLS(rows["y"] - b * rows["x"], sm.add_constant(rows["z"])).fit(cov_type="HC1")
        p_value = 2 * stats.t(n_rows - 2).sf(abs(rest.params["z"] / rest.bse["z"]))
        inside = {"interval": low <= b <= high, "rays": b <= low or b >= high, "line": True}[shape]
        assert (p_value >= 0.05) == inside, b


def test_an_instrument_without_a_first_stage_is_an_error():
    rows = FRAME.assign(instrument=FRAME["size"] * 2)
    with pytest.raises(EstimationError):
        fit(rows, IV)
    with pytest.raises(EstimationError):
        fit(FRAME.assign(instrument=1.0), IV)


# Marginal effects


@pytest.mark.parametrize("clusters", [("iid",), ("owner",)])
def test_average_marginal_effects_are_those_of_statsmodels(clusters):
    rows = FRAME.assign(is_late=(FRAME["log_rank"] > 1).astype(int))
    asked = Equation("has_likes", ("size", "is_late"), estimator="logit", clusters=clusters)
    found = average_marginal_effects(fit(rows, asked, small_sample="cr0"), rows, asked)
    options = {"groups": rows["owner"].astype("category").cat.codes, "use_correction": False}
    covariance = {} if clusters == ("iid",) else {"cov_type": "cluster", "cov_kwds": options}
    design = sm.add_constant(rows[["size", "is_late"]], prepend=False)
    oracle = sm.Logit(rows["has_likes"], design).fit(disp=0, **covariance)
    oracle = oracle.get_margeff(at="overall", dummy=True)
    assert found.terms == ("size", "is_late")
    np.testing.assert_allclose(found.estimates, oracle.margeff, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), oracle.margeff_se, rtol=1e-6)


def test_the_effect_of_a_level_is_against_the_reference_level():
    """All rows moved to the level, less all rows moved to the reference; errors by differences."""
    asked = Equation("has_likes", ("size",), ("relation",), estimator="logit", clusters=("owner",))
    fitted = fit(FRAME, asked)
    found = average_marginal_effects(fitted, FRAME, asked)
    size = FRAME["size"].to_numpy()
    names = ["relation[finetune]", "relation[merge]"]
    assert fitted.terms == ("size", *names, "constant")

    def effects(b):
        def mean(shift):
            return (1 / (1 + np.exp(-(b[0] * size + b[3] + shift)))).mean()

        return np.array([mean(b[1]) - mean(0), mean(b[2]) - mean(0)])

    at = fitted.estimates
    jacobian = np.array(
        [(effects(at + step) - effects(at - step)) / 2e-6 for step in 1e-6 * np.eye(4)]
    ).T
    errors = np.sqrt(np.diag(jacobian @ fitted.covariance @ jacobian.T))
    for name, effect, error in zip(names, effects(at), errors, strict=True):
        assert found.row(name)["estimate"] == pytest.approx(effect, rel=1e-8)
        assert found.row(name)["standard_error"] == pytest.approx(error, rel=1e-6)


def test_marginal_effects_need_a_logit_without_fixed_effects():
    asked = equation("logit", fixed_effects=("month",))
    with pytest.raises(EstimationError, match="without fixed effects"):
        average_marginal_effects(fit(FRAME, asked), FRAME, asked)


# Factors


def test_the_most_frequent_level_is_the_reference_and_ties_go_by_name():
    rows = pd.DataFrame(
        {
            "y": np.random.default_rng(29).normal(size=12),
            "kind": ["b", "a", "c"] * 4,
            "other": pd.Categorical(["x"] * 7 + ["z"] * 5, categories=["unused", "z", "x"]),
        }
    )
    found = fit(rows, Equation("y", (), ("kind", "other")))
    assert found.terms == ("kind[b]", "kind[c]", "other[z]", "constant")


def test_two_levels_of_one_name_are_an_error():
    rows = pd.DataFrame({"y": [1.0, 2, 4, 3], "kind": pd.Series([1, "1", 2, 2], dtype=object)})
    with pytest.raises(EstimationError, match="two levels of one name"):
        fit(rows, Equation("y", (), ("kind",)))


@pytest.mark.parametrize("engine", ["pyfixest", "fereg"])
def test_an_equation_without_terms_is_its_fixed_effects(engine):
    pytest.importorskip(engine)
    found = fit(FRAME, Equation("log_likes", (), fixed_effects=("month",)), engine=engine)
    means = FRAME.groupby("month")["log_likes"].transform("mean")
    assert found.terms == ()
    assert found.r2 == pytest.approx(
        1 - ((FRAME["log_likes"] - means) ** 2).sum() / FRAME["log_likes"].var() / 1499
    )


# Hostile equations and frames: one line, never a library's complaint, never a silent number


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"estimator": "probit"}, "unknown estimator"),
        ({"outcome": "nothing"}, "'nothing' is not in the rows"),
        ({"terms": ("size", "size")}, "named twice"),
        ({"terms": ("size", "likes"), "outcome": "likes"}, "both sides"),
        ({"terms": ("relation",)}, "not a number"),
        ({"clusters": ("nothing",)}, "not in the rows"),
        ({"clusters": ("iid", "owner")}, "'iid' errors have no clusters"),
        ({"weights": "size"}, "not all positive"),
        ({"endogenous": ("size",)}, "belong to iv"),
        ({"estimator": "iv"}, "one endogenous term"),
        ({"estimator": "iv", "endogenous": TERMS, "instruments": ("crowd",)}, "one endogenous"),
        ({"estimator": "iv", "endogenous": ("size",)}, "needs an instrument"),
        ({"estimator": "poisson", "outcome": "recognition"}, "negative"),
        ({"estimator": "logit", "outcome": "likes"}, "more than 0 and 1"),
        ({"estimator": "fractional_logit", "outcome": "likes"}, "leaves 0 to 1"),
        ({"estimator": "negative_binomial", "outcome": "share"}, "more than counts"),
        ({"estimator": "negative_binomial", "fixed_effects": ("month",)}, "no fixed effects"),
        ({"estimator": "conditional_logit", "outcome": "has_likes"}, "exactly one fixed effect"),
    ],
)
def test_an_equation_that_cannot_be_asked_is_refused_in_one_line(changes, reason):
    with pytest.raises(EstimationError, match=reason) as error:
        fit(FRAME, replace(Equation("log_likes", TERMS), **changes))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("options", [{"engine": "magic"}, {"small_sample": "magic"}])
def test_an_unknown_engine_or_correction_is_answered_with_the_known_ones(options):
    with pytest.raises(EstimationError, match=r"unknown .* 'magic'; known: "):
        fit(FRAME, equation(), **options)


def test_no_engine_at_all_says_why_for_each():
    asked = Equation(
        "has_likes",
        TERMS,
        fixed_effects=("month",),
        estimator="conditional_logit",
        weights="weight",
    )
    with pytest.raises(EstimationError, match=r"'pyfixest' has no .*'fereg' .* takes no weights"):
        fit(FRAME, asked)


def hostile(name: str, rows: pd.DataFrame, estimator: str) -> pd.DataFrame:
    """The rows spoilt in one way."""
    ten = rows.head(40).reset_index(drop=True)
    outcome = OUTCOME[estimator]
    return {
        "empty": rows.head(0),
        "no column": pd.DataFrame(),
        "one row": rows.head(1),
        "two rows": rows.head(2),
        "all null": rows.assign(size=np.nan),
        "all infinite": rows.assign(size=np.inf),
        "null outcome": rows.assign(**{outcome: np.nan}),
        "null cluster": rows.assign(parent_id=None),
        "one cluster": rows.assign(parent_id="only"),
        "constant term": rows.assign(size=3.25),
        "term nearly constant": rows.assign(size=0.1 + 1e-17 * rows["size"]),
        "twin of a term": rows.assign(log_rank=rows["size"] * 2),
        "text": rows.assign(size=rows["size"].astype(str)),
        "object": rows.assign(size=rows["size"].astype(object)),
        "text that is categorical": rows.assign(size=rows["size"].round().astype("category")),
        "dates": rows.assign(size=pd.Timestamp("2026-01-01")),
        "complex": rows.assign(size=rows["size"] + 1j),
        "lists as clusters": ten.assign(parent_id=[[1]] * len(ten)),
        "column twice": pd.concat([rows, rows[["size"]]], axis=1),
        "not a frame": rows.to_dict("records"),
        "constant outcome": rows.assign(**{outcome: 0}),
        "each row its own base": rows.assign(month=range(len(rows))),
    }[name]


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
@pytest.mark.parametrize(
    "name",
    [
        "empty", "no column", "one row", "two rows", "all null", "all infinite", "null outcome",
        "null cluster", "one cluster", "constant term", "term nearly constant", "twin of a term",
        "text", "object", "text that is categorical", "dates", "complex", "lists as clusters",
        "column twice", "not a frame", "constant outcome", "each row its own base",
    ],
)  # fmt: skip
def test_a_hostile_frame_is_refused_in_one_line(name, estimator):
    asked = equation(estimator, fixed_effects=("month",), clusters=("parent_id",))
    for engine in ("pyfixest", "fereg"):
        with pytest.raises(EstimationError) as error:
            fit(hostile(name, FRAME, estimator), asked, engine=engine)
        assert str(error.value)
        assert "\n" not in str(error.value)
    pooled = replace(asked, fixed_effects=())
    if name != "each row its own base":
        with pytest.raises(EstimationError) as error:
            fit(hostile(name, FRAME, estimator), pooled, engine="statsmodels")
        assert "\n" not in str(error.value)


def test_one_cluster_is_its_own_error():
    with pytest.raises(TooFewClusters, match="one cluster of 'parent_id'"):
        fit(FRAME.assign(parent_id="only"), equation(clusters=("parent_id",)))


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_types_that_duckdb_and_pandas_hand_over_give_the_same_numbers(estimator):
    """Nullable numbers with nulls, booleans, unsigned integers, unused categories, an index with
    repeats."""
    asked = equation(
        estimator,
        factors=("relation",),
        fixed_effects=("parent_id",),
        clusters=("parent_id",),
    )
    whole = FRAME.assign(size=FRAME["size"].round() + 5)
    kept = np.arange(len(whole)) % 7 > 0
    expected = fit(whole[kept], asked)
    spoilt = whole.assign(
        size=whole["size"].astype("Int64").where(kept, pd.NA),
        likes=whole["likes"].astype("uint8"),
        has_likes=whole["has_likes"].astype("boolean"),
        log_rank=whole["log_rank"].astype("Float64"),
        relation=pd.Categorical(whole["relation"], ["unused", *set(whole["relation"])]),
        parent_id=whole["parent_id"].astype("category").cat.add_categories(["no row"]),
    )
    spoilt.index = np.zeros(len(spoilt), dtype=int)
    found = fit(spoilt, asked)
    assert_same(found, expected)
    assert found.n_null == (~kept).sum()


# How many clusters


def test_equal_clusters_count_as_many_as_they_are():
    assert effective_clusters(np.full(37, 2.5)) == pytest.approx(37)
    assert effective_clusters(np.array([1e308, 1e308])) == pytest.approx(2)


def test_one_large_cluster_counts_as_hardly_more_than_one():
    sizes = np.append(np.ones(1000), 1e6)
    assert effective_clusters(sizes) == pytest.approx(1.002, abs=1e-3)
    assert effective_clusters(np.array([3.0, 0, 0])) == 1
    assert effective_clusters(np.array([])) == effective_clusters(np.zeros(4)) == 0


@pytest.mark.parametrize("sizes", [[-1, 2], [np.nan, 1], [np.inf, 1]])
def test_sizes_of_clusters_that_are_no_sizes_are_an_error(sizes):
    with pytest.raises(EstimationError, match="finite and not negative"):
        effective_clusters(np.array(sizes))


# The words that others read


def test_formulas_have_no_spaces_between_fixed_effects():
    """Table makers split that part at the plus, spaces and all."""
    asked = equation("poisson", factors=("relation",), fixed_effects=("parent_id", "month"))
    assert asked.formula == "likes ~ log_rank + size + relation | parent_id+month"
    assert IV.formula == "recognition ~ size | crowd ~ instrument"
    assert Equation("likes", ()).formula == "likes ~ 1"


def test_a_fit_says_how_it_was_made():
    asked = equation("poisson", fixed_effects=("parent_id",), clusters=("parent_id",))
    found = fit(FRAME, asked)
    pooled = fit(FRAME, equation("logit"))
    assert pooled.engine == "statsmodels"
    assert pooled.iterations > 1
    assert (found.engine, found.engine_version) == ("pyfixest", pyfixest.__version__)
    assert (found.small_sample, found.tolerance) == ("clusters_only", 1e-10)
    assert "LSMR" in found.demeaner
    assert found.converged
    assert fit(FRAME, equation()).small_sample == "nonnested"
    assert fit(FRAME, equation()).demeaner is None

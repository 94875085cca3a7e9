"""Tests whether results are mechanical: specifications on the real design without any effect.

Families, dates, owners, controls and samples are the real ones; outcomes are drawn anew, so that
order, crowding, size and kind have no effect. The mean of a specification's estimates is then its
bias, the share of rejections at 5 % its true size, and the share of intervals that hold the truth
its coverage. The real estimate is shown beside them: if it lies inside the spread of the null, no
effect is needed to explain it.

Likes follow the null model: a Poisson of likes on fixed effects, exposure and controls, without the
terms of interest, scattered around it like the real likes.

    no_effect           the null model's means, gamma factors of the residuals' over-dispersion
    base_month_shocks   the same, and a shock of .6 log points to all entrants of a base in a month
    exposure_only       a base's likes fall on its entrants in proportion to their time online
    hype                the null model's means times the entries of the base in the month, to the
                        power of 1/2: a hot month brings both
    prolific_owners     the null model's means times the number of the owner's entrants to the power
                        of -.3: crowding by others is low for the owners who make the crowd
    early_better        better entrants come earlier: hidden quality of .8 log points, correlated .5
                        with earliness

Disruption has three worlds of its own:

    no_effect           each focal's outcome is a toss with the mean of its quarter
    family_shocks       the same, with tosses as correlated within families as the real outcomes
    rewired             the index of lineages in which chance decides who builds on whom
                        (`analysis.studies.null_worlds.rewiring`); here the truth is 0, since there
                        is not a cause, and what is found on average is arithmetic
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from zlib import crc32

import duckdb
import numpy as np
import pandas as pd
from scipy import stats

from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.estimation.jackknife import delete_group_jackknife
from analysis.studies.estimation.pruning import as_codes
from analysis.studies.null_worlds.rewiring import Counter, drawn, read_lineage
from analysis.studies.null_worlds.worlds import World, draw_likes
from analysis.studies.records import COUNT, NUMBER, TEXT
from analysis.studies.specifications import Specification
from hub_lineage.errors import StudyError
from hub_lineage.progress import Progress, nothing_shown

RACING_WORLDS = (
    "no_effect",
    "base_month_shocks",
    "exposure_only",
    "hype",
    "prolific_owners",
    "early_better",
)
DISRUPTION_WORLDS = ("no_effect", "family_shocks", "rewired")
SHOCKS = 0.6
HYPE = 0.5
PROLIFIC = -0.3
SELECTION, QUALITY = 0.5, 0.8
SIGNIFICANCE = 0.05
JACKKNIFE_GROUPS = (50, 50)
COLUMNS = {
    "world": TEXT, "specification_id": TEXT, "term": TEXT, "truth": NUMBER, "mean_estimate": NUMBER,
    "deviation": NUMBER, "bias": NUMBER, "bias_error": NUMBER, "rejection_rate": NUMBER,
    "rejection_low": NUMBER, "rejection_high": NUMBER, "coverage_clustered": NUMBER,
    "coverage_jackknife": NUMBER, "n_draws": COUNT, "n_draws_jackknife": COUNT, "n_failed": COUNT,
    "real_estimate": NUMBER, "null_low": NUMBER, "null_high": NUMBER, "share_below_real": NUMBER,
    "p_against_null": NUMBER, "over_dispersion": NUMBER, "reason": TEXT, "seed": COUNT,
    "snapshot_id": TEXT, "landing_hash": TEXT,
}  # fmt: skip
"""Columns of the table `calibration`."""

NULL = "RR4"
"""The specification with the sample, controls and fixed effects of the null model."""

BY_DEFAULT = (
    "RR1", "RR2", "RR3", "RR4", "RR4.without_age", "RR4.weeks", "RR5",
    "DM1.linear", "DM2", "DM2.linear", "DM5.displacement",
)  # fmt: skip

LIKES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "likes": lambda likes: likes,
    "log_likes": np.log1p,
    "has_likes": lambda likes: (likes > 0).astype(np.int64),
}
"""The outcomes that follow from redrawn likes."""

TOSSED = ("is_disruptive", "is_consolidative", "has_takers")
REWIRED = (*TOSSED, "mdi", "mdi_share", "n_takers")
"""The outcomes of focals that can be drawn anew: 0 or 1, and by rewiring."""


class CalibrationError(StudyError):
    """An argument or a specification that cannot be calibrated."""


@dataclass(frozen=True)
class Subject:
    """One equation under test: its rows, and the terms whose truth is known.

    `positions` (rows,) are those of the rows among the null model's, if likes are redrawn; there
    are none for other outcomes.
    """

    specification_id: str
    equation: Equation
    terms: tuple[str, ...]
    frame: pd.DataFrame
    jackknife: bool = False
    positions: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Scenario:
    """A world applied to subjects.

    `truth` returns the true coefficient of a term, `frames` the subjects' rows in draw number d, by
    specification_id; they depend on d alone.
    """

    world: str
    truth: Callable[[str], float]
    frames: Callable[[int], Mapping[str, pd.DataFrame]]
    over_dispersion: float | None = None


@dataclass(frozen=True)
class NullModel:
    """A model of the real likes in which order and crowding have no effect.

    design: the rows, with `parent_id`, `base_month`, `owner` and `age_days`, by the view's keys.
    mean: (n,) expected likes; for a row outside the fit (for example alone in its base) its own
        likes, NaN if these are unknown.
    over_dispersion: variance of the factor on the mean beyond a Poisson's.
    """

    design: pd.DataFrame
    mean: np.ndarray
    over_dispersion: float


def calibrate(
    connection: duckdb.DuckDBPyConnection,
    specifications: Collection[Specification],
    null: Specification,
    *,
    worlds: Sequence[str] | None = None,
    n_draws: int = 60,
    n_jackknife: int = 10,
    seed: int = 0,
    jackknife_groups: tuple[int, int] = JACKKNIFE_GROUPS,
    engine: str = "fereg",
    n_workers: int = 1,
    shown: Progress | None = None,
) -> pd.DataFrame:
    """One row per world, specification and term of interest, on the views `entrants` and `focals`.

    `null` is the specification whose rows are redrawn and whose equation, without the terms of
    interest, is the null model of likes. `worlds` are the worlds (all by default), `n_draws` the
    draws of each, `n_jackknife` those in which specifications with a jackknife are jackknifed too,
    with `jackknife_groups` of one large and of several small families. `shown` counts the draws.
    The same arguments give the same rows, whatever the number of workers.

    For the columns see `evaluate`. A specification that cannot be calibrated has one row, without a
    world and with the `reason`; so have all on likes if the null model cannot be fitted. Raises
    CalibrationError for unknown worlds and meaningless numbers.
    """
    wanted = _checked(worlds, n_draws, n_jackknife, n_workers)
    reasons = {one.specification_id: why_not(one) for one in specifications}
    scenarios: list[tuple[list[Subject], Scenario]] = []
    racing = [one for one in specifications if one.view == "entrants" and not why_not(one)]
    model = None
    try:
        if racing:
            design = select(connection, null, ("base_month", "owner", "age_days"))
            model = null_model(design, null, engine)
    except CalibrationError as error:
        reasons |= {one.specification_id: str(error) for one in racing}
    if model is not None:
        subjects = []
        for one in racing:
            subject = _racing_subject(connection, one, model)
            if (subject.positions < 0).any():
                reasons[one.specification_id] = f"some of its rows are not among those of {NULL}"
            else:
                subjects.append(subject)
        scenarios += [
            (subjects, redrawn_likes(model, subjects, world, seed))
            for world in RACING_WORLDS
            if world in wanted
        ]
    disruption = [one for one in specifications if one.view == "focals" and not why_not(one)]
    if disruption:
        subjects = [_disruption_subject(connection, one) for one in disruption]
        tossed = [one for one in subjects if one.equation.outcome in TOSSED]
        scenarios += [
            (tossed, tossed_outcomes(tossed, world, seed))
            for world in DISRUPTION_WORLDS[:2]
            if world in wanted
        ]
        if "rewired" in wanted:
            scenario = rewired_outcomes(connection, disruption, seed)
            scenarios.append((subjects, scenario))
    shown = shown or nothing_shown()
    shown.expect(n_draws * len(scenarios))
    rows = [
        row
        for subjects, scenario in scenarios
        for row in evaluate(
            subjects,
            scenario,
            n_draws,
            n_jackknife,
            seed,
            jackknife_groups=jackknife_groups,
            engine=engine,
            n_workers=n_workers,
            shown=shown,
        )
    ]
    rows += [
        {"specification_id": name, "reason": reason, "seed": seed}
        for name, reason in reasons.items()
        if reason
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def why_not(one: Specification) -> str:
    """Why no world redraws the outcome of a specification; empty if one does."""
    redrawn = {"entrants": tuple(LIKES), "focals": REWIRED}.get(one.view, ())
    if one.method != "regression":
        return f"its method is {one.method}"
    if one.outcome not in redrawn:
        return f"no world redraws {one.outcome} of {one.view}"
    chosen_by = " ".join([one.sample, one.condition, *one.columns.values()])
    if one.view == "entrants" and re.search(r"\b(log_|has_)?likes\b", chosen_by):
        return "its rows or columns depend on the likes that are redrawn"
    return ""


def _checked(
    worlds: Sequence[str] | None, n_draws: int, n_jackknife: int, n_workers: int
) -> tuple[str, ...]:
    """The worlds asked for; a CalibrationError if these or the numbers make no sense."""
    if n_draws < 2 or n_workers < 1:
        raise CalibrationError("calibration needs at least two draws and one worker")
    if not 0 <= n_jackknife <= n_draws:
        raise CalibrationError(f"{n_jackknife} draws with a jackknife, of {n_draws} draws")
    every = tuple(dict.fromkeys((*RACING_WORLDS, *DISRUPTION_WORLDS)))
    wanted = every if worlds is None else tuple(worlds)
    for world in wanted:
        if world not in every:
            raise CalibrationError(f"there is no world {world!r}; there are {', '.join(every)}")
    return wanted


def select(
    connection: duckdb.DuckDBPyConnection, one: Specification, extra: Sequence[str] = ()
) -> pd.DataFrame:
    """The rows of a specification, with further columns."""
    columns = tuple(dict.fromkeys((*one.needed_columns, *extra)))
    return connection.execute(one.sql(columns)).df()


def _racing_subject(
    connection: duckdb.DuckDBPyConnection, one: Specification, model: NullModel
) -> Subject:
    frame = select(connection, one)
    keys = ["parent_id", "child_id"]
    positions = pd.MultiIndex.from_frame(model.design[keys]).get_indexer(
        pd.MultiIndex.from_frame(frame[keys])
    )
    frame = with_codes(frame, one.equation)
    return Subject(
        one.specification_id, one.equation, tuple(one.interest), frame, one.jackknife, positions
    )


def _disruption_subject(connection: duckdb.DuckDBPyConnection, one: Specification) -> Subject:
    frame = with_codes(select(connection, one, ("quarter",)), one.equation)
    return Subject(one.specification_id, one.equation, tuple(one.interest), frame, one.jackknife)


def with_codes(frame: pd.DataFrame, equation: Equation) -> pd.DataFrame:
    """The rows with fixed effects and clusters as numbers, since texts are slow to compare.

    Columns with nulls are unchanged.
    """
    keys = dict.fromkeys((*equation.fixed_effects, *equation.cluster_columns))
    codes = {name: as_codes(frame[name]) for name in keys}
    return frame.assign(**{name: values for name, values in codes.items() if (values >= 0).all()})


# likes


def null_model(design: pd.DataFrame, null: Specification, engine: str = "fereg") -> NullModel:
    """Fit likes without the terms of interest, and measure how they scatter around the fit.

    The over-dispersion is the moment sum(r^2 - likes) / sum(mean^2) with r = likes - mean (Cameron
    and Trivedi 1990), over the rows in the fit. If bases have few likes, their fitted means absorb
    a part of it.
    """
    equation = replace(null.equation, outcome="likes", terms=null.controls, estimator="poisson")
    try:
        fitted = fit(design, equation, engine=engine, of_interest=())
    except EstimationError as error:
        raise CalibrationError(f"the null model cannot be fitted: {error}") from error
    likes = design["likes"].to_numpy(np.float64, na_value=np.nan)
    mean = likes.copy()
    mean[fitted.rows] = fitted.fitted
    used = design.iloc[fitted.rows]
    likes, means = likes[fitted.rows], fitted.fitted
    # The squared residuals of a fit with k coefficients are too small by (n - k) / n.
    n_levels = sum(used[name].nunique() for name in equation.fixed_effects)
    n_free = max(len(used) - n_levels - len(fitted.terms), 1)
    squares = (likes - means) ** 2 * len(used) / n_free
    return NullModel(design, mean, max(0.0, (squares - likes).sum() / (means**2).sum()))


def redrawn_likes(model: NullModel, subjects: Sequence[Subject], world: str, seed: int) -> Scenario:
    """The likes of a null model, drawn anew in one of `RACING_WORLDS`."""
    is_known = ~np.isnan(model.mean)
    mean = np.where(is_known, model.mean, 0.0)
    drawn = World(world, dispersion=model.over_dispersion)
    if world == "base_month_shocks":
        drawn = replace(drawn, shocks=SHOCKS)
    elif world == "exposure_only":
        mean = _by_exposure(model.design, mean)
    elif world == "hype":
        drawn = replace(drawn, hype=HYPE)
    elif world == "prolific_owners":
        drawn = replace(drawn, prolific=PROLIFIC)
    elif world == "early_better":
        drawn = replace(drawn, selection=SELECTION, quality=QUALITY)

    def frames(draw: int) -> dict[str, pd.DataFrame]:
        likes = draw_likes(model.design, mean, drawn, generator(seed, world, draw))
        likes = likes if is_known.all() else np.where(is_known, likes, np.nan)
        return {
            one.specification_id: one.frame.assign(
                **{one.equation.outcome: LIKES[one.equation.outcome](likes[one.positions])}
            )
            for one in subjects
        }

    return Scenario(world, drawn.truth, frames, model.over_dispersion)


def _by_exposure(design: pd.DataFrame, mean: np.ndarray) -> np.ndarray:
    """Each base's likes shared out in proportion to the time online; (n,)."""
    base = as_codes(design["parent_id"])
    age = design["age_days"].to_numpy(np.float64)
    return age * (np.bincount(base, weights=mean) / np.bincount(base, weights=age))[base]


def generator(seed: int, world: str, draw: int) -> np.random.Generator:
    """The random numbers of one draw, which depend on seed, world and draw alone."""
    return np.random.default_rng([seed, crc32(world.encode()), draw])


# disruption


def tossed_outcomes(subjects: Sequence[Subject], world: str, seed: int) -> Scenario:
    """0-1 outcomes drawn anew around the means of their quarter.

    In `family_shocks` an outcome is decided with probability sqrt(c) by a uniform number common to
    its family, else by one of its own, so that two outcomes of a family and quarter have the
    correlation c of the real ones.
    """
    means, correlations = {}, {}
    for one in subjects:
        outcome = one.frame[one.equation.outcome].to_numpy(np.float64, na_value=np.nan)
        quarter = as_codes(one.frame["quarter"])
        mean = pd.Series(outcome).groupby(quarter).transform("mean").to_numpy()
        means[one.specification_id] = mean
        correlations[one.specification_id] = (
            correlation_within(as_codes(one.frame["root_id"]), outcome, mean)
            if world == "family_shocks"
            else 0.0
        )

    def frames(draw: int) -> dict[str, pd.DataFrame]:
        drawn = {}
        for one in subjects:
            rng = generator(seed, world, draw)
            family = as_codes(one.frame["root_id"])
            own = rng.random(len(family))
            common = rng.random(family.max() + 1)[family]
            follows = rng.random(len(family)) < np.sqrt(correlations[one.specification_id])
            mean = means[one.specification_id]
            tossed = (np.where(follows, common, own) < mean).astype(np.float64)
            tossed[np.isnan(mean)] = np.nan
            drawn[one.specification_id] = one.frame.assign(**{one.equation.outcome: tossed})
        return drawn

    return Scenario(world, lambda term: 0.0, frames)


def correlation_within(family: np.ndarray, outcome: np.ndarray, mean: np.ndarray) -> float:
    """The share of a family's pairs that one uniform number would have to decide, from 0 to 1.

    Two outcomes with means p <= q that are decided by one uniform number have the covariance
    p (1 - q). So it is the sum of the products of residuals over pairs, divided by that of
    p (1 - q).
    """
    is_known = ~np.isnan(outcome)
    family, residual, mean = family[is_known], (outcome - mean)[is_known], mean[is_known]
    order = np.lexsort((mean, family))
    sizes = np.bincount(family)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    n_larger = np.repeat(sizes, sizes) - 1 - (np.arange(len(order)) - first)
    largest = 2 * float((mean[order] * n_larger).sum()) - _sum_over_pairs(family, mean)
    if not largest > 0:
        return 0.0
    return min(max(0.0, _sum_over_pairs(family, residual) / largest), 1.0)


def _sum_over_pairs(group: np.ndarray, values: np.ndarray) -> float:
    """The sum of the products of all ordered pairs of different rows of a group."""
    return float((np.bincount(group, weights=values) ** 2).sum() - (values**2).sum())


def rewired_outcomes(
    connection: duckdb.DuckDBPyConnection,
    specifications: Sequence[Specification],
    seed: int,
) -> Scenario:
    """Indices of rewired lineages in place of the real ones; samples are selected by them."""
    counter = Counter(read_lineage(connection))
    database = connection.execute("select current_database()").fetchall()[0][0]

    def frames(draw: int) -> dict[str, pd.DataFrame]:
        # Temporary views belong to one cursor, and take precedence over real ones of the same name.
        with connection.cursor() as cursor:
            cursor.register("drawn", drawn(counter, draw, seed))
            cursor.execute(REWIRED_FOCALS.format(database=database))
            return {
                one.specification_id: with_codes(select(cursor, one), one.equation)
                for one in specifications
            }

    return Scenario("rewired", lambda term: 0.0, frames)


REWIRED_FOCALS = """
create temp view focals as
select focals.* replace (
    drawn.mdi as mdi,
    (drawn.mdi + 1) / 2 as mdi_share,
    drawn.n_i as n_i,
    drawn.n_j as n_j,
    drawn.n_k as n_k,
    drawn.n_i + drawn.n_j as n_takers,
    cast(drawn.mdi > 0 as integer) as is_disruptive,
    cast(drawn.mdi < 0 as integer) as is_consolidative,
    cast(drawn.n_i + drawn.n_j > 0 as integer) as has_takers,
    ln(1 + drawn.n_i + drawn.n_j) as log_in_degree
)
from "{database}".main.focals as focals
inner join drawn on focals.model_id = drawn.model_id
"""


# what the specifications find


def evaluate(
    subjects: Sequence[Subject],
    scenario: Scenario,
    n_draws: int,
    n_jackknife: int = 0,
    seed: int = 0,
    *,
    jackknife_groups: tuple[int, int] = JACKKNIFE_GROUPS,
    engine: str = "fereg",
    n_workers: int = 1,
    shown: Progress | None = None,
) -> list[dict]:
    """One row per subject and term.

    `world`, `specification_id`, `term`, `truth`; `mean_estimate` and `deviation` over the draws;
    `bias` = mean - truth and its Monte Carlo standard error `bias_error`; `rejection_rate` of
    "the term is 0" at 5 % and its Wilson interval; `coverage_clustered` and `coverage_jackknife`,
    the shares of 95 % intervals that hold the truth; `n_draws` estimated, `n_draws_jackknife`,
    `n_failed`; `real_estimate`, the 2.5 and 97.5 percentiles `null_low` and `null_high` of the
    draws, `share_below_real`, and `p_against_null` = (1 + draws as far from their mean as the
    real estimate or farther) / (1 + draws). Null if nothing could be estimated.
    """
    real = {one.specification_id: _estimates(one, one.frame, engine) for one in subjects}

    def of_draw(draw: int) -> list[tuple[dict | None, dict | None]]:
        frames = scenario.frames(draw)
        found: list[tuple[dict | None, dict | None]] = []
        for one in subjects:
            frame = frames[one.specification_id]
            jackknifed = None
            estimates = _estimates(one, frame, engine)
            if one.jackknife and draw < n_jackknife and estimates is not None:
                jackknifed = _jackknifed(one, frame, jackknife_groups, seed, engine)
            found.append((estimates, jackknifed))
        return found

    shown = shown or nothing_shown()
    shown.advance(0, scenario.world)
    found = []
    with ThreadPoolExecutor(n_workers) as workers:
        for one_draw in workers.map(of_draw, range(n_draws)):
            found.append(one_draw)
            shown.advance()
    rows = []
    for place, one in enumerate(subjects):
        own = real[one.specification_id]
        of_all_draws = [draw[place] for draw in found]
        estimates = [estimate for estimate, _ in of_all_draws if estimate is not None]
        jackknifed = [jackknife for _, jackknife in of_all_draws if jackknife is not None]
        for term in one.terms:
            rows.append(
                {
                    "world": scenario.world,
                    "specification_id": one.specification_id,
                    "term": term,
                    **_summary(
                        scenario.truth(term),
                        [found[term] for found in estimates],
                        [found[term] for found in jackknifed],
                        None if own is None else own[term]["estimate"],
                    ),
                    "n_failed": n_draws - len(estimates),
                    "over_dispersion": scenario.over_dispersion,
                    "seed": seed,
                }
            )
    return rows


def _estimates(one: Subject, frame: pd.DataFrame, engine: str) -> dict[str, dict] | None:
    """The fit's row of each term; None if no engine can estimate it."""
    for able in dict.fromkeys((_able(engine, one.equation), "auto")):
        try:
            fitted = fit(frame, one.equation, engine=able, of_interest=one.terms)
            return {term: fitted.row(term) for term in one.terms}
        except EstimationError:
            continue
    return None


def _able(engine: str, equation: Equation) -> str:
    """The engine itself, or "auto" if the fast one does not have the equation's estimator."""
    return engine if equation.estimator in ("ols", "poisson", "logit") else "auto"


def _jackknifed(
    one: Subject, frame: pd.DataFrame, groups: tuple[int, int], seed: int, engine: str
) -> dict | None:
    """The jackknife's row of each term; None if it cannot be computed."""
    cluster = one.equation.cluster_columns[0]
    engine = _able(engine, one.equation)
    try:
        jackknife = delete_group_jackknife(
            frame, one.equation, cluster, *groups, seed, engine=engine, of_interest=one.terms
        )
        return {term: jackknife.row(term) for term in one.terms}
    except EstimationError:
        return None


def _summary(
    truth: float, found: list[dict], jackknifed: list[dict], real: float | None
) -> dict[str, float | None]:
    """The columns of `evaluate` from one term's draws."""
    estimates = np.array([one["estimate"] for one in found])
    n = len(estimates)
    summary = dict.fromkeys(
        ("mean_estimate", "deviation", "bias", "bias_error", "rejection_rate", "rejection_low",
         "rejection_high", "coverage_clustered", "coverage_jackknife", "null_low", "null_high",
         "share_below_real", "p_against_null")
    )  # fmt: skip
    summary |= {"truth": truth, "real_estimate": real, "n_draws": n}
    summary |= {"n_draws_jackknife": len(jackknifed)}
    if n:
        mean = float(estimates.mean())
        n_rejected = sum(one["p_value"] < SIGNIFICANCE for one in found)
        wilson = stats.binomtest(n_rejected, n).proportion_ci(method="wilson")
        summary |= {
            "mean_estimate": mean,
            "bias": mean - truth,
            "rejection_rate": n_rejected / n,
            "rejection_low": float(wilson.low),
            "rejection_high": float(wilson.high),
            "coverage_clustered": _coverage(found, truth),
            "null_low": float(np.quantile(estimates, 0.025)),
            "null_high": float(np.quantile(estimates, 0.975)),
        }
        if n > 1:
            deviation = float(estimates.std(ddof=1))
            summary |= {"deviation": deviation, "bias_error": deviation / np.sqrt(n)}
        if real is not None:
            n_as_far = int((np.abs(estimates - mean) >= abs(real - mean)).sum())
            summary["share_below_real"] = float((estimates < real).mean())
            summary["p_against_null"] = (1 + n_as_far) / (1 + n)
    if jackknifed:
        summary["coverage_jackknife"] = _coverage(jackknifed, truth)
    return summary


def _coverage(found: list[dict], truth: float) -> float:
    """The share of intervals that hold the truth."""
    return float(np.mean([one["low"] <= truth <= one["high"] for one in found]))

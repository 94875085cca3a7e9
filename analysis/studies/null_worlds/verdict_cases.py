"""Worlds whose truth is known, and the measures that the primary tests take in them.

Claims on likes (RR28), whose null model is that of `analysis.studies.null_worlds.calibrating`:

    none            rank and crowding have no effect
    smallest        both have their smallest effect of interest
    twice           twice that
    reversed        the smallest effect in the other direction
    rank_alone      rank has twice its smallest effect, crowding none
    crowd_alone     crowding has twice its smallest effect, rank none
    heavy_tailed    none, and a Pareto factor on each entrant's mean that has no variance
    early_better    none, but better entrants come earlier: quality of .8 log points, correlated .5
                    with the place in the race
    hype            none, but a hot month brings likes and entries
    shocks          none, and a shock of .6 log points to all entrants of a base in a month

Claims on the chance to be disruptive (linear probabilities): none, smallest, twice, reversed, each
with outcomes as similar within families as the real ones. The truth is the coefficient in the drawn
probabilities themselves.

Claims on the chain of potential (RR24): none, smallest, twice, reversed; the residuals of the real
fit change their sign family by family (the wild cluster bootstrap), potential stays as predicted.

Claims of shares: at_the_border of what is claimed, and ten points to both sides of it, with
successes as similar within families as the real ones; for a claim on every month, each month's
share is there. Concentration: prominence assigned at random (none).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.studies import claims
from analysis.studies.bootstrapping import INTERACTION
from analysis.studies.designs.potential import PERCENTILE, potential
from analysis.studies.designs.prepared import PreparedDesign
from analysis.studies.estimating import why_absent
from analysis.studies.estimation import effective_clusters, fit
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.estimation.jackknife import PreparedJackknife, prepare
from analysis.studies.estimation.pruning import as_codes
from analysis.studies.hill_stein import predictor_ends
from analysis.studies.methods import Context, frame_of
from analysis.studies.null_worlds.calibrating import (
    LIKES,
    NULL,
    CalibrationError,
    NullModel,
    correlation_within,
    generator,
    null_model,
    select,
    why_not,
    with_codes,
)
from analysis.studies.null_worlds.worlds import World, draw_likes
from analysis.studies.specifications import Specification, all_specifications, sample_sql
from analysis.studies.verdicts import Measure, Target
from hub_lineage.exports import Exports

RACING = (
    "none", "smallest", "twice", "reversed", "rank_alone", "crowd_alone", "heavy_tailed",
    "early_better", "hype", "shocks",
)  # fmt: skip
CHANCES = ("none", "smallest", "twice", "reversed")
SHARES = ("at_the_border", "ten_points_over", "ten_points_under")
WORLDS = (*RACING, *SHARES)
"""Every world by name; those of `CHANCES` have the names of the first of `RACING`."""

STRENGTH = {"smallest": 1.0, "twice": 2.0, "reversed": -1.0}
HEAVY_TAIL = 1.5
"""The exponent of the Pareto factor, with which it has a mean but no variance."""

NOTHING = claims.Results((), ())


@dataclass(frozen=True)
class Case:
    """Claims that are judged together in worlds that share their draws.

    `measures` returns, for draw number d, the measure of each claim; `truths` are their true
    values, `targets` the targets of claims whose scale depends on the landing.
    """

    world: str
    truths: Mapping[str, float]
    measures: Callable[[int], Mapping[str, Measure]]
    targets: Mapping[str, Target] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Subject:
    """A primary test on drawn outcomes: its prepared jackknife, the terms of its claims."""

    prepared: PreparedJackknife
    cluster: np.ndarray
    terms: Mapping[str, str]

    def measures(self, outcome: np.ndarray, seed: int) -> dict[str, Measure]:
        """The measure of each claim, by its id, on an outcome (rows,)."""
        terms = tuple(dict.fromkeys(self.terms.values()))
        try:
            found = self.prepared.jackknife(outcome, seed=seed, of_interest=terms)
            rows = {term: found.row(term) for term in terms}
        except EstimationError as error:
            return {name: Measure(reason=str(error)) for name in self.terms}
        known = np.where(np.isfinite(outcome), np.abs(outcome), 0.0)
        sums = np.bincount(self.cluster, weights=known)
        # A family whose outcomes are all zero is not in a Poisson, and has no weight elsewhere.
        n = int(np.bincount(self.cluster)[sums > 0].sum())
        measures = {}
        for name, term in self.terms.items():
            row = rows[term]
            weights = np.array([one == term for one in found.terms], dtype=float)
            measure = Measure(
                estimate=row["estimate"],
                low=row["low"],
                high=row["high"],
                standard_error=row["standard_error"],
                degrees_of_freedom=found.degrees_of_freedom_of(weights),
                p_value=row["p_value"],
                n=n,
                n_clusters=len(found.groups),
                effective_clusters=effective_clusters(sums),
                groups_worth=found.worth_of(weights),
            )
            measures[name] = replace(measure, reason=claims.too_little(measure))
        return measures


# likes


def racing_cases(
    exports: Exports, every: Sequence[Mapping], seed: int
) -> tuple[list[Case], dict[str, str]]:
    """The claims whose primary test is a regression of likes, in the worlds of `RACING`."""
    tested, reasons = tests_on(every, "entrants")
    if not tested:
        return [], reasons
    connection = exports.connection
    named = {one.specification_id: one for one in all_specifications()}
    try:
        design = select(connection, named[NULL], ("base_month", "owner", "age_days"))
        model = null_model(design, named[NULL])
    except (CalibrationError, EstimationError) as error:
        return [], reasons | {name: str(error) for names in tested.values() for name in names}
    subjects, positions = {}, {}
    keys = pd.MultiIndex.from_frame(model.design[["parent_id", "child_id"]])
    for specification_id, terms in tested.items():
        one = named[specification_id]
        frame = select(connection, one)
        positions[specification_id] = keys.get_indexer(
            pd.MultiIndex.from_frame(frame[["parent_id", "child_id"]])
        )
        try:
            subjects[specification_id] = subject_of(frame, one, terms)
        except EstimationError as error:
            reasons |= {name: str(error) for name in terms}
    effects = {
        term: claims.target_of(claim["test"], NOTHING).smallest
        * (-1 if "less" in claim["test"]["claimed"] else 1)
        for claim in every
        for term in [claim["test"].get("term")]
        if claim["claim_id"] in {name for terms in tested.values() for name in terms}
    }
    cases = []
    for name in RACING:
        world = racing_world(name, effects, model)
        truths = {
            claim_id: world.truth(term)
            for specification_id in subjects
            for claim_id, term in tested[specification_id].items()
        }

        def measures(draw: int, world: World = world) -> dict[str, Measure]:
            likes = likes_of(model, world, generator(seed, f"verdicts {world.name}", draw))
            return {
                claim_id: measure
                for specification_id, subject in subjects.items()
                for outcome in [named[specification_id].outcome]
                for claim_id, measure in subject.measures(
                    LIKES[outcome](likes[positions[specification_id]]), seed
                ).items()
            }

        if truths:
            cases.append(Case(name, truths, measures))
    return cases, reasons


def tests_on(
    every: Sequence[Mapping], view: str
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The primary tests on a view whose outcomes can be redrawn, and why those of others cannot.

    The tests are claims and terms by specification.
    """
    named = {one.specification_id: one for one in all_specifications()}
    tested: dict[str, dict[str, str]] = {}
    reasons = {}
    for claim in every:
        test = claim["test"]
        one = named.get(test.get("specification", ""))
        if one is None or one.view != view:
            continue
        if why_not(one):
            reasons[claim["claim_id"]] = why_not(one)
        else:
            tested.setdefault(one.specification_id, {})[claim["claim_id"]] = test["term"]
    return tested, reasons


def subject_of(frame: pd.DataFrame, one: Specification, terms: Mapping[str, str]) -> Subject:
    frame = with_codes(frame, one.equation)
    cluster = one.clusters[0]
    return Subject(prepare(frame, one.equation, cluster), as_codes(frame[cluster]), terms)


def racing_world(name: str, effects: Mapping[str, float], model: NullModel) -> World:
    """One of `RACING`: `effects` are the smallest ones of interest by term, signed as claimed."""
    rank, crowd = effects.get("log_rank", 0.0), effects.get("log_crowd_30", 0.0)
    world = World(name, dispersion=model.over_dispersion)
    strength = STRENGTH.get(name, 0.0)
    changed = {
        "rank_alone": replace(world, rank=2 * rank),
        "crowd_alone": replace(world, crowd=2 * crowd),
        "heavy_tailed": replace(world, tail=HEAVY_TAIL),
        "early_better": replace(world, selection=0.5, quality=0.8),
        "hype": replace(world, hype=0.5),
        "shocks": replace(world, shocks=0.6),
    }
    both = replace(world, rank=strength * rank + 0.0, crowd=strength * crowd + 0.0)
    return changed.get(name, both)


def likes_of(model: NullModel, world: World, rng: np.random.Generator) -> np.ndarray:
    """One draw of the likes of all entrants; (n,) with NaN where the mean is unknown."""
    is_known = ~np.isnan(model.mean)
    likes = draw_likes(model.design, np.where(is_known, model.mean, 0.0), world, rng)
    return likes if is_known.all() else np.where(is_known, likes, np.nan)


# chances


def chance_cases(
    exports: Exports, every: Sequence[Mapping], seed: int
) -> tuple[list[Case], dict[str, str]]:
    """The claims whose primary test is a linear probability of focals, in those of `CHANCES`."""
    tested, reasons = tests_on(every, "focals")
    named = {one.specification_id: one for one in all_specifications()}
    by_id = {claim["claim_id"]: claim for claim in every}
    cases = []
    for specification_id, terms in tested.items():
        one = named[specification_id]
        try:
            frame = select(exports.connection, one, ("quarter", "root_id"))
            family = as_codes(frame["root_id"])
            outcome = frame[one.outcome].to_numpy(np.float64, na_value=np.nan)
            subject = subject_of(frame, one, terms)
            fit(frame, one.equation, of_interest=tuple(terms.values()))
        except EstimationError as error:
            reasons |= {name: str(error) for name in terms}
            continue
        mean = np.full(len(frame), np.nanmean(outcome))
        alike = correlation_within(family, outcome, mean)
        smallest = {
            term: claims.target_of(by_id[name]["test"], NOTHING).smallest
            * (-1 if "less" in by_id[name]["test"]["claimed"] else 1)
            for name, term in terms.items()
        }
        for world in CHANCES:
            chance = chances(frame, mean, smallest, STRENGTH.get(world, 0.0))
            truth = true_coefficients(frame, one, chance, tuple(smallest))
            known = ~np.isnan(outcome)

            def measures(
                draw: int,
                chance: np.ndarray = chance,
                subject: Subject = subject,
                family: np.ndarray = family,
                alike: float = alike,
                known: np.ndarray = known,
                label: str = f"verdicts {specification_id} {world}",
            ) -> dict[str, Measure]:
                rng = generator(seed, label, draw)
                tossed = toss(chance, family, alike, rng)
                return subject.measures(np.where(known, tossed, np.nan), seed)

            cases.append(Case(world, {name: truth[term] for name, term in terms.items()}, measures))
    return cases, reasons


def chances(
    frame: pd.DataFrame, mean: np.ndarray, smallest: Mapping[str, float], strength: float
) -> np.ndarray:
    """Probabilities that vary with the terms around their mean, within .002 and .998; (n,)."""
    chance = mean.copy()
    for term, effect in smallest.items():
        values = frame[term].to_numpy(np.float64)
        chance += strength * effect * (values - values.mean())
    return np.clip(chance, 0.002, 0.998)


def true_coefficients(
    frame: pd.DataFrame, one: Specification, chance: np.ndarray, terms: tuple[str, ...]
) -> dict[str, float]:
    """The coefficients in the probabilities themselves, since their bounds bend a planted line."""
    if np.ptp(chance) == 0:
        return dict.fromkeys(terms, 0.0)
    outcome = one.equation.outcome
    found = fit(frame.assign(**{outcome: chance}), one.equation, of_interest=terms)
    return {term: found.row(term)["estimate"] for term in terms}


def toss(
    chance: np.ndarray, family: np.ndarray, alike: float, rng: np.random.Generator
) -> np.ndarray:
    """0-1 outcomes (n,) with these chances, correlated by `alike` within families.

    With probability sqrt(alike) an outcome is decided by a uniform number common to its family.
    """
    own = rng.random(len(chance))
    common = rng.random(family.max() + 1)[family]
    follows = rng.random(len(chance)) < np.sqrt(alike)
    return (np.where(follows, common, own) < chance).astype(np.float64)


# the chain of potential


def chain_cases(
    exports: Exports, every: Sequence[Mapping], seed: int
) -> tuple[list[Case], dict[str, str]]:
    """The claims on the chain of potential, in the worlds of `CHANCES`."""
    named = {one.specification_id: one for one in all_specifications()}
    tested, reasons = {}, {}
    for claim in every:
        one = named.get(claim["test"].get("specification", "").split(".")[0])
        if one is None or one.method != "potential":
            continue
        if claims.can_speak(exports, claim):
            tested[claim["claim_id"]] = claim
        else:
            reasons[claim["claim_id"]] = claim["otherwise"]
    if not tested:
        return [], reasons
    chain = named[next(iter(tested.values()))["test"]["specification"].split(".")[0]]
    context = Context(exports, seed)
    prepared = potential(exports.connection, seed=seed, sample=sample_sql(chain.sample))
    if prepared.reason:
        return [], reasons | dict.fromkeys(tested, prepared.reason)
    links = {}
    for name, claim in tested.items():
        try:
            links[name] = link_of(context, prepared, claim)
        except EstimationError as error:
            reasons[name] = str(error)

    def case(world: str) -> Case:
        strength = STRENGTH.get(world, 0.0)

        def measures(draw: int) -> dict[str, Measure]:
            found: dict[str, Measure] = {}
            for name, link in links.items():
                outcome = link.outcome(strength, generator(seed, f"verdicts {name} {world}", draw))
                found |= link.subject.measures(outcome, seed)
            return found

        truths = {name: strength * link.effect + 0.0 for name, link in links.items()}
        targets = {name: link.target for name, link in links.items()}
        return Case(world, truths, measures, targets)

    return [case(world) for world in CHANCES] if links else [], reasons


@dataclass(frozen=True, eq=False)
class Link:
    """One link of the chain: its test, the model of its outcome, and its target.

    `fitted` (n,) are the means without the term, and `values` (n,) those of the term; `effect` is
    the smallest of interest, signed as claimed.
    """

    subject: Subject
    values: np.ndarray
    fitted: np.ndarray
    residual: np.ndarray
    effect: float
    target: Target

    def outcome(self, strength: float, rng: np.random.Generator) -> np.ndarray:
        """The outcome with `strength` times the smallest effect, and signs drawn by family."""
        turned = rng.choice((-1.0, 1.0), self.subject.cluster.max() + 1)[self.subject.cluster]
        return self.fitted + strength * self.effect * self.values + turned * self.residual


def link_of(context: Context, prepared: PreparedDesign, claim: Mapping) -> Link:
    """The link that a claim is judged by; an EstimationError if it has no estimate."""
    test = claim["test"]
    label = test["specification"].partition(".")[2] or next(iter(prepared.equations))
    term, equation = test["term"], prepared.equations[label]
    frame = frame_of(context, prepared, label, "parent_id")
    absent = why_absent(frame, equation)
    if absent:
        raise EstimationError(absent)
    found = fit(frame, equation, of_interest=(term,))
    frame = frame.iloc[found.rows].reset_index(drop=True)
    low, high = predictor_ends(frame, PERCENTILE if term == INTERACTION else term)
    observed = frame[equation.outcome].to_numpy(np.float64)
    contrast = {
        "specification_id": test["specification"],
        "term": term,
        "predictor_low": low,
        "predictor_high": high,
        # A contrast of one standard deviation of the outcome.
        "contrast": float(observed.std(ddof=1)),
        "in_standard_deviations": 1.0,
    }
    target = claims.target_of(test, claims.Results((), (), contrasts=[contrast]))
    values = frame[term].to_numpy(np.float64)
    coded = with_codes(frame, equation)
    return Link(
        Subject(
            prepare(coded, equation, "parent_id"),
            as_codes(coded["parent_id"]),
            {claim["claim_id"]: term},
        ),
        values,
        found.fitted - found.row(term)["estimate"] * values,
        observed - found.fitted,
        (-1 if target.direction == "less" else 1) * target.smallest,
        target,
    )


# shares


def share_cases(
    exports: Exports, every: Sequence[Mapping], seed: int
) -> tuple[list[Case], dict[str, str]]:
    """The claims of a share, or of one in every month, at the border and to both sides of it."""
    cases, reasons = [], {}
    for claim in every:
        name, test = claim["claim_id"], claim["test"]
        if not {"share", "every_share"} & test.keys():
            continue
        measured = share_measure(test)
        if not claims.can_speak(exports, claim):
            reasons[name] = claim["otherwise"]
            continue
        rows = claims.rows_of(exports, test.get("share") or test["every_share"])
        real = measured(rows)
        if real.reason:
            reasons[name] = real.reason
            continue
        *_, families, successes, totals = zip(*rows, strict=True)
        row = np.repeat(np.arange(len(rows)), totals)
        family = pd.factorize(np.array(families, dtype=object))[0][row]
        outcome = ones_first(np.array(successes), np.array(totals))
        alike = correlation_within(family, outcome, np.full(len(row), outcome.mean()))
        target = claims.target_of(test, NOTHING)
        border = target.than
        for world, truth in zip(SHARES, (border, border + 0.1, border - 0.1), strict=True):
            if not 0 < truth < 1:
                continue

            def measures(
                draw: int,
                truth: float = truth,
                rows: Sequence[Sequence] = rows,
                row: np.ndarray = row,
                family: np.ndarray = family,
                alike: float = alike,
                measured: Callable[[Sequence[Sequence]], Measure] = measured,
                name: str = name,
                label: str = f"verdicts {name} {world}",
            ) -> dict[str, Measure]:
                rng = generator(seed, label, draw)
                drawn = toss(np.full(len(row), truth), family, alike, rng)
                counted = np.bincount(row, weights=drawn, minlength=len(rows))
                redrawn = [
                    (*of_whom, number, total)
                    for (*of_whom, _, total), number in zip(rows, counted, strict=True)
                ]
                return {name: measured(redrawn)}

            cases.append(Case(world, {name: truth}, measures))
    return cases, reasons


def share_measure(test: Mapping) -> Callable[[Sequence[Sequence]], Measure]:
    """A function from the rows of a share's test (..., family, successes, total) to its measure."""
    if "share" in test:
        return claims.share_of
    return partial(
        claims.lowest_share,
        fewest_periods=test["fewest_periods"],
        fewest_models=test["fewest_models"],
    )


def ones_first(successes: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """The outcomes of all families one after the other, successes first in each; (n,)."""
    within = np.arange(totals.sum()) - np.repeat(np.cumsum(totals) - totals, totals)
    return (within < np.repeat(successes, totals)).astype(np.float64)


def concentration_cases(
    exports: Exports, every: Sequence[Mapping], seed: int
) -> tuple[list[Case], dict[str, str]]:
    """The claims of concentration, in a world where prominence falls on bases at random."""
    cases, reasons = [], {}
    for claim in every:
        if "dealt_out" not in claim["test"]:
            continue
        name = claim["claim_id"]
        rows = claims.rows_of(exports, claim["test"]["dealt_out"])
        real = claims.concentration(rows, seed)
        if real.reason:
            reasons[name] = real.reason
            continue
        prominence = np.array([row[0] for row in rows], dtype=np.float64)
        entrants = [row[1] for row in rows]

        def measures(
            draw: int,
            prominence: np.ndarray = prominence,
            entrants: list[int] = entrants,
            name: str = name,
        ) -> dict[str, Measure]:
            rng = generator(seed, f"verdicts {name}", draw)
            dealt = rng.permutation(prominence)
            return {name: claims.concentration(list(zip(dealt, entrants, strict=True)), draw)}

        cases.append(Case("none", {name: 0.0}, measures))
    return cases, reasons

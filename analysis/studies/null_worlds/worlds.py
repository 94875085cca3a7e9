"""Worlds whose truth is known: families with heavy tails, and likes drawn from a known mean.

`draw_entrants` makes a design: who enters which base when. A `World` defines the likes on any
design, drawn or real (`analysis.studies.null_worlds.calibrating`). If rank and crowding have no
effect there, whatever a specification finds is an artefact.

`draw_lineage` makes a lineage in which no trait of a model changes how often it is built on.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from hub_lineage.errors import StudyError

CROWDING_DAYS = 30
DAYS_IN_MONTH = 30
DAYS_IN_WEEK = 7
DAY_IN_MICROSECONDS = 86_400_000_000
RELATIONS = ("adapter", "finetune", "merge", "quantized")


class WorldError(StudyError):
    """An argument with which no world can be made."""


@dataclass(frozen=True)
class Design:
    """The parameters of a design: who enters when.

    The number of entrants of each of `n_bases` bases follows a Pareto law with exponent `tail`,
    cut at `largest`. Bases are released over the first two thirds of `n_days`, entrants after
    them, most of them early, all at least 30 days before the snapshot on day `n_days`. In each
    base a share `hot` of the entrants comes within 30 days of one moment. A share `prolific` of all
    entrants is of one owner. `popularity` is the elasticity of a base's likes per entrant to its
    number of entrants, `likes` sets their level.
    """

    n_bases: int = 500
    tail: float = 0.9
    largest: int = 300
    n_days: int = 540
    hot: float = 0.0
    prolific: float = 0.0
    popularity: float = 0.3
    likes: float = 0.5

    def __post_init__(self) -> None:
        if self.n_bases < 1 or self.largest < 1:
            raise WorldError("a design needs at least one base and one entrant")
        if not 0 < self.tail < np.inf or not 0 < self.likes < np.inf:
            raise WorldError("tail and likes must be above 0")
        if not 90 <= self.n_days < 10_000:
            raise WorldError(f"n_days is {self.n_days}; a design has 90 to 9999 days")
        for name in ("hot", "prolific"):
            if not 0 <= getattr(self, name) <= 1:
                raise WorldError(f"{name} is {getattr(self, name)}; a share lies between 0 and 1")


@dataclass(frozen=True)
class World:
    """The factors of the mean of the likes, and how likes scatter around it.

    `rank` and `crowd` are the truth: elasticities to the release rank and to 1 + rivals of the
    last 30 days. `exposure` is the elasticity to age, `hype` that to the entries of the base in the
    month, `prolific` that to the entrants of the owner. `selection` is the correlation of an
    entrant's hidden quality with its earliness in the base, `quality` the standard deviation of
    that quality in log points. `shocks` is the standard deviation in log points of a shock to all
    entrants of a base in a month. With `decay`, attention at age a is (1 + a / 30) ** -decay, and
    the likes are a flow. `dispersion` is the variance of the gamma factor that makes the counts
    over-dispersed; with 0 they are Poisson. `tail` is the exponent of a Pareto factor with mean one
    on each entrant: the smaller the heavier, without a variance up to 2; 0 leaves it out.
    """

    name: str
    rank: float = 0.0
    crowd: float = 0.0
    exposure: float = 0.0
    hype: float = 0.0
    prolific: float = 0.0
    selection: float = 0.0
    quality: float = 0.0
    shocks: float = 0.0
    decay: float = 0.0
    dispersion: float = 1.0
    tail: float = 0.0

    def __post_init__(self) -> None:
        if not -1 <= self.selection <= 1:
            raise WorldError(f"selection is {self.selection}; a correlation lies between -1 and 1")
        for name in ("quality", "shocks", "dispersion"):
            if not 0 <= getattr(self, name) < np.inf:
                raise WorldError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if self.tail and not 1 < self.tail < np.inf:
            raise WorldError(f"tail is {self.tail}; a factor with a mean has an exponent above 1")

    def truth(self, term: str) -> float:
        """The true coefficient of a term in a specification for the logarithm of the mean."""
        return {"log_rank": self.rank, "log_crowd_30": self.crowd}.get(term, 0.0)


def draw_entrants(design: Design, seed: int) -> pd.DataFrame:
    """One row per base and entrant, by base and time, with columns of the view `entrants`.

    Bases, entrants, owners, months and cells are integers. `base_mean` is the mean of the likes
    before any `World`: the base's popularity times the owner's, both unequal.
    """
    rng = np.random.default_rng(seed)
    sizes = _heavy_tailed(rng, design.n_bases, design.tail, design.largest)
    n = int(sizes.sum())
    base = np.repeat(np.arange(design.n_bases), sizes)
    base_day = rng.uniform(0, design.n_days * 2 / 3, design.n_bases)
    room = design.n_days - 30 - base_day
    lag = _early(rng, room[base])
    is_hot = rng.random(n) < design.hot
    hot_lag = _early(rng, room)[base] + rng.uniform(0, DAYS_IN_MONTH, n)
    day = base_day[base] + np.where(is_hot, np.minimum(hot_lag, room[base]), lag)
    n_owners = n // 4 + 2
    owner = 1 + np.floor((n_owners - 1) * rng.random(n) ** 2).astype(np.int64)
    owner[rng.random(n) < design.prolific] = 0
    order = np.lexsort((day, base))
    day, owner = day[order], owner[order]

    rank = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    crowd, lead, same_owner = _rivals(base, owner, day)
    age = design.n_days - day
    month = (day // DAYS_IN_MONTH).astype(np.int64)
    week = (day // DAYS_IN_WEEK).astype(np.int64)
    base_effect = design.popularity * np.log(sizes) + rng.normal(0, 0.7, design.n_bases)
    owner_effect = rng.normal(0, 0.5, n_owners)
    return pd.DataFrame(
        {
            "parent_id": base,
            "child_id": np.arange(n),
            "owner": owner,
            "release_event_rank": rank,
            "log_rank": np.log(rank),
            "log_crowd_30": np.log1p(crowd),
            "log_crowd_30_all_owners": np.log1p(crowd + same_owner),
            "log_lead_30": np.log1p(lead),
            "age_days": age,
            "log_age": np.log(age),
            "month": month,
            "week": week,
            "base_month": base * 1000 + month,
            "log_size": rng.normal(1.5, 1.0, n),
            "relation": np.array(RELATIONS, dtype=object)[
                rng.choice(len(RELATIONS), n, p=(0.35, 0.35, 0.05, 0.25))
            ],
            "base_mean": design.likes * np.exp(base_effect[base] + owner_effect[owner]),
        }
    )


def _heavy_tailed(rng: np.random.Generator, n: int, tail: float, largest: int) -> np.ndarray:
    """Whole numbers from 1 to `largest` by a Pareto law; (n,)."""
    return np.floor(np.minimum(rng.random(n) ** (-1 / tail), largest)).astype(np.int64)


def _early(rng: np.random.Generator, room: np.ndarray) -> np.ndarray:
    """Days after the base's release, exponential with mean 90 and cut at `room`; (n,)."""
    scale = 90.0
    return -scale * np.log1p(-rng.random(len(room)) * -np.expm1(-room / scale))


def _rivals(
    base: np.ndarray, owner: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Other owners' entrants of the same base in the days before and after, and the same owner's
    before; (n,) each."""

    def neighbours(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # Groups are put so far apart on one time line that no window reaches the next one.
        moment = group * 100_000.0 + day
        line = np.sort(moment)
        before = np.searchsorted(line, moment) - np.searchsorted(line, moment - CROWDING_DAYS)
        after = np.searchsorted(line, moment + CROWDING_DAYS, "right")
        return before, after - np.searchsorted(line, moment, "right")

    all_before, all_after = neighbours(base)
    own = pd.factorize(pd.MultiIndex.from_arrays([base, owner]))[0]
    own_before, own_after = neighbours(own)
    return all_before - own_before, all_after - own_after, own_before


def draw_likes(
    entrants: pd.DataFrame, mean: np.ndarray, world: World, rng: np.random.Generator
) -> np.ndarray:
    """One draw of the likes of all entrants in a world; integers (n,).

    `mean` (n,) is multiplied by the world's factors; 0 where nothing is ever liked. Of `entrants`
    only the columns that the world uses are read: `parent_id`, `base_month`, `owner`, `age_days`,
    `log_rank`, `log_crowd_30`. The factors of quality and shocks are one on average.
    """
    exponent = np.zeros(len(entrants))
    if world.rank:
        exponent += world.rank * entrants["log_rank"].to_numpy(np.float64)
    if world.crowd:
        exponent += world.crowd * entrants["log_crowd_30"].to_numpy(np.float64)
    if world.exposure:
        exponent += world.exposure * np.log(entrants["age_days"].to_numpy(np.float64) / 30)
    if world.decay:
        exponent -= world.decay * np.log1p(entrants["age_days"].to_numpy(np.float64) / 30)
    if world.hype:
        exponent += world.hype * entries_in_month(entrants)
    if world.prolific:
        owner = pd.factorize(entrants["owner"])[0]
        exponent += world.prolific * np.log(np.bincount(owner)[owner])
    if world.quality:
        noise = rng.standard_normal(len(entrants))
        hidden = world.selection * earliness(entrants)
        hidden += np.sqrt(1 - world.selection**2) * noise
        exponent += world.quality * hidden - world.quality**2 / 2
    if world.shocks:
        cell, cells = pd.factorize(entrants["base_month"])
        shocks = rng.standard_normal(len(cells))[cell]
        exponent += world.shocks * shocks - world.shocks**2 / 2
    mean = mean * np.exp(exponent)
    if world.tail:
        factor = rng.random(len(mean)) ** (-1 / world.tail)
        mean = mean * factor * (world.tail - 1) / world.tail
    if world.dispersion:
        mean = mean * rng.gamma(1 / world.dispersion, world.dispersion, len(mean))
    return rng.poisson(mean)


def entries_in_month(entrants: pd.DataFrame) -> np.ndarray:
    """Log of the base's entries in the month, as a deviation from the base's mean; (n,)."""
    cell = pd.factorize(entrants["base_month"])[0]
    base = pd.factorize(entrants["parent_id"])[0]
    entries = np.log(np.bincount(cell)[cell])
    return entries - (np.bincount(base, weights=entries) / np.bincount(base))[base]


def earliness(entrants: pd.DataFrame) -> np.ndarray:
    """Normal score of each entrant's place in its base, highest for the first; (n,).

    Ties follow the order of the rows; a single entrant has 0.
    """
    base = pd.factorize(entrants["parent_id"])[0]
    order = np.lexsort((entrants["age_days"].to_numpy(np.float64), base))
    sizes = np.bincount(base)
    place = np.arange(len(base)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    scores = np.empty(len(base))
    scores[order] = ndtri((place + 0.5) / np.repeat(sizes, sizes))
    return scores


def draw_lineage(
    n_models: int,
    seed: int,
    *,
    grandparents: float = 0.0,
    merges: float = 0.1,
    reuse_of_leaves: float = 1.0,
    n_days: int = 720,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the models and edges of a lineage by preferential attachment.

    Each model meets a random earlier one. It builds on that one or, four times in five, on that
    one's parent, which amounts to attachment in proportion to the number of takers (Krapivsky and
    Redner 2001). A tenth of the models are roots. A share `merges` has a second parent drawn in the
    same way, a share `grandparents` names its parent's parent too. Size has no effect, and relation
    only this one: adapters and quantized models are built on `reuse_of_leaves` times as often, and
    their parents instead.

    Returns models (`node_key`, `created_us`, `log_size`, `relation`, by time) and edges
    (`child_key`, `parent_key`, distinct).
    """
    if n_models < 2 or n_days < 1:
        raise WorldError("a lineage needs at least two models and one day")
    if not all(0 <= share <= 1 for share in (grandparents, merges, reuse_of_leaves)):
        raise WorldError("grandparents, merges and reuse_of_leaves are shares from 0 to 1")
    rng = np.random.default_rng(seed)
    created_us = np.sort(rng.integers(0, n_days * DAY_IN_MICROSECONDS, n_models))
    relation = np.array(RELATIONS, dtype=object)[rng.integers(0, len(RELATIONS), n_models)]
    reuse = np.where(np.isin(relation, ("adapter", "quantized")), reuse_of_leaves, 1.0)
    is_root = rng.random(n_models) < 0.1
    is_root[0] = True
    parent = _attach(rng, is_root, reuse)
    second = np.where(rng.random(n_models) < merges, _attach(rng, is_root, reuse), -1)
    above = np.where(rng.random(n_models) < grandparents, parent[parent], -1)
    child = np.tile(np.arange(n_models), 3)
    edges = pd.DataFrame({"child_key": child, "parent_key": np.r_[parent, second, above]})
    edges = edges[~np.tile(is_root, 3) & (edges["parent_key"] >= 0)]
    edges = edges.drop_duplicates().sort_values(["child_key", "parent_key"], ignore_index=True)
    models = pd.DataFrame(
        {
            "node_key": np.arange(n_models),
            "created_us": created_us,
            "log_size": rng.normal(1.5, 1.0, n_models),
            "relation": relation,
        }
    )
    return models, edges


def _attach(rng: np.random.Generator, is_root: np.ndarray, reuse: np.ndarray) -> np.ndarray:
    """For each model the earlier one that it builds on, -1 for roots; (n_models,)."""
    n = len(is_root)
    met = np.floor(rng.random(n) * np.arange(n)).astype(np.int64)
    takes_from_met = (rng.random(n) < 0.2) | is_root[met] | is_root
    # A model that does not build on the one it met copies its choice: follow the copies to the end.
    source = np.where(takes_from_met, np.arange(n), met)
    while (source[source] != source).any():
        source = source[source]
    found = np.where(is_root, -1, met[source])
    climbs = (rng.random(n) >= reuse[found]) & (found[found] >= 0)
    return np.where(climbs & ~is_root, found[found], found)

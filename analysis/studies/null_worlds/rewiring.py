"""MDI under pure chance: who builds on whom is randomised, everything else is kept.

The null keeps each model, its date, its traits and its number of parents, and each parent's number
of children in each month of creation; so a focal keeps its number of takers, month by month. Only
which of the month's children builds on which of the month's parents is randomised. Park, Leahey and
Funk (Nature 2023) rewire citation networks in the same way.

One step pairs the edges of a month at random and lets each pair exchange its parents with
probability one half, unless a child would then build twice on one parent, or on one that is not
strictly older (such as itself). Edges that already break the last rule, and those of children
without a usable date, are kept as they are. Whether a pair may exchange does not depend on other
pairs and is the same on the way back, so in the end all lineages that exchanges can reach from the
real one are equally likely. (As with every method of exchanges, some may be out of reach.)

n_i, n_j and n_k of a drawn lineage come from the marts' own dbt models, rendered for tables of this
module, but for the later models on the focals' parents: dates do not change from draw to draw, so
that these are counted by places in one order of dates (`Followers`) in a fifth of the time. Before
anything is drawn, the real lineage must give the counts of the mart.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import duckdb
import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.runtime import Context

from hub_lineage.errors import StudyError
from hub_lineage.paths import PROJECT

COMPONENTS = "int_disruption_components_summed"
FOLLOWERS = "int_followers_counted"
OVERLAPS = "int_parent_set_overlaps"
GIVEN = (
    "disruption_windows",
    "int_lineage_edges_resolved",
    "int_lineage_nodes_numbered",
    "int_lineage_positions_summed",
)
"""The inputs of the components' dbt models, made here from a `Lineage`."""

INDEX = (
    "select focal_key as node_key, n_i, n_j, n_k, {{ mdi() }} as mdi "
    f"from {{{{ ref('{COMPONENTS}') }}}} order by focal_key"
)
WINDOW_DAYS = 90
DAY_US = 86_400_000_000
N_STEPS = 40
UNKNOWN = np.iinfo(np.int64).min
"""The date of a node without one; as a parent, such a node is older than all others."""


class RewiringError(StudyError):
    """A lineage or an argument that cannot be used."""


@dataclass(frozen=True)
class Lineage:
    """Edges from child to parent over the nodes 0 ... n - 1.

    child, parent: (edges,) nodes, pairs distinct, no self reference.
    created_us: (n,) creation in microseconds since 1970, `UNKNOWN` without a date.
    is_dated: (n,) whether that date is a release: known, and not the Hub's back-fill.
    is_listed: (n,) whether the node is a model of the snapshot; only those are focals.
    names: (n,) model ids.
    """

    child: np.ndarray
    parent: np.ndarray
    created_us: np.ndarray
    is_dated: np.ndarray
    is_listed: np.ndarray
    names: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.names)
        if len(self.child) != len(self.parent):
            raise RewiringError("an edge needs a child and a parent")
        if not len(self.created_us) == len(self.is_dated) == len(self.is_listed) == n:
            raise RewiringError("the columns of the nodes differ in length")
        for side in (self.child, self.parent):
            if len(side) and not 0 <= side.min() <= side.max() < n:
                raise RewiringError("an edge names a node that does not exist")
        if (self.child == self.parent).any():
            raise RewiringError("a model is its own parent")
        if len(np.unique(self.child * np.int64(n) + self.parent)) < len(self.child):
            raise RewiringError("an edge appears twice")


def read_lineage(connection: duckdb.DuckDBPyConnection) -> Lineage:
    """The lineage of the views `lineage_edges` and `hub_models` on a connection."""
    nodes = connection.execute(
        """
        with ends as (
            select child_id as name, child_created_at as created_at, true as is_listed
            from lineage_edges
            union
            select parent_id, parent_created_at, is_parent_listed from lineage_edges
        )
        select
            ends.name,
            coalesce(epoch_us(ends.created_at), $unknown) as created_us,
            coalesce(ends.created_at is not null and not models.is_created_at_floor, false)
                as is_dated,
            ends.is_listed
        from ends
        left join hub_models as models on ends.name = models.model_id
        order by ends.name
        """,
        {"unknown": int(UNKNOWN)},
    ).df()
    edges = connection.execute(
        "select child_id, parent_id from lineage_edges order by child_id, parent_id"
    ).df()
    position = pd.Index(nodes["name"])
    if not position.is_unique:
        raise RewiringError("a model has two dates in lineage_edges: make the exports again")
    return Lineage(
        child=position.get_indexer(edges["child_id"]).astype(np.int64),
        parent=position.get_indexer(edges["parent_id"]).astype(np.int64),
        created_us=nodes["created_us"].to_numpy(np.int64),
        is_dated=nodes["is_dated"].to_numpy(bool),
        is_listed=nodes["is_listed"].to_numpy(bool),
        names=nodes["name"].to_numpy(object),
    )


# the exchange


def months(created_us: np.ndarray) -> np.ndarray:
    """Calendar month (UTC) of each moment, counted from January 1970; (n,)."""
    return created_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)


def may_move(lineage: Lineage) -> np.ndarray:
    """Which edges can be exchanged: from a dated child to a strictly older parent; (edges,)."""
    is_older = lineage.created_us[lineage.parent] < lineage.created_us[lineage.child]
    return lineage.is_dated[lineage.child] & is_older


@dataclass(frozen=True, eq=False)
class Exchanges:
    """The edges of a lineage that can be exchanged, prepared once for many draws.

    moving: (m,) their positions among all edges, ordered by month; the months end at `ends`.
    parent: (m,) their parents as positions in the order of dates, which is `by_date` (n,). Nodes
    older than an edge's child have positions below its `bound` (m,), so that no dates are compared.
    several: (m,) whether the child has several parents. Only such a child could build twice on one
    parent, and never on that of an edge that is kept: that parent is not older, or the child has no
    date. key: (m,) a number of the child, a multiple of n.
    """

    lineage: Lineage
    moving: np.ndarray
    ends: np.ndarray
    parent: np.ndarray
    by_date: np.ndarray
    bound: np.ndarray
    several: np.ndarray
    key: np.ndarray

    @classmethod
    def of(cls, lineage: Lineage) -> "Exchanges":
        """Prepare the exchanges of a lineage."""
        moving = np.flatnonzero(may_move(lineage))
        month = months(lineage.created_us[lineage.child[moving]])
        moving = moving[np.argsort(month, kind="stable")]
        ends = np.cumsum(np.unique(month, return_counts=True)[1])
        child, n = lineage.child[moving], len(lineage.names)
        by_date = np.argsort(lineage.created_us, kind="stable")
        place = np.empty(n, dtype=np.int64)
        place[by_date] = np.arange(n)
        return cls(
            lineage=lineage,
            moving=moving,
            ends=ends,
            parent=place[lineage.parent[moving]].astype(np.int32),
            by_date=by_date,
            bound=np.searchsorted(lineage.created_us[by_date], lineage.created_us[child]).astype(
                np.int32
            ),
            several=np.bincount(lineage.child, minlength=n)[child] > 1,
            key=child * np.int64(n),
        )

    def drawn(self, rng: np.random.Generator, n_steps: int = N_STEPS) -> np.ndarray:
        """The parents of all edges after `n_steps` steps of exchanges; (edges,).

        The time of a step is proportional to the edges. In forty steps every edge is in about forty
        pairs, half of which exchange.
        """
        if n_steps < 1:
            raise RewiringError(f"{n_steps} steps exchange nothing; give 1 or more")
        parent = self.parent.copy()
        for _ in range(n_steps):
            first, second = _pairs(self.ends, rng)
            exchanges = (rng.random(len(parent)) < 0.5)[np.minimum(first, second)]
            own, offered = parent[first], parent[second]
            exchanges &= (offered < self.bound[first]) & (own < self.bound[second])
            self._refuse_duplicates(parent, first, second, exchanges)
            parent[first[exchanges]] = offered[exchanges]
            parent[second[exchanges]] = own[exchanges]
        rewired = self.lineage.parent.copy()
        rewired[self.moving] = self.by_date[parent]
        return rewired

    def _refuse_duplicates(
        self, parent: np.ndarray, first: np.ndarray, second: np.ndarray, exchanges: np.ndarray
    ) -> None:
        """Stop those of the `exchanges` (p,) after which a child would build twice on one parent.

        Old and offered edges are treated alike, for all pairs at once, whether accepted or not.
        """
        old = np.flatnonzero(self.several)
        sides = [
            (np.flatnonzero(self.several[side]), side, other)
            for side, other in ((first, second), (second, first))
        ]
        keys = [self.key[old] + parent[old]]
        keys += [self.key[side[pairs]] + parent[other[pairs]] for pairs, side, other in sides]
        is_twice = pd.Series(np.concatenate(keys)).duplicated(keep=False).to_numpy()
        of_old, *offered = np.split(is_twice, np.cumsum([len(one) for one in keys[:-1]]))
        stays = np.zeros(len(parent), dtype=bool)
        stays[old] = of_old
        for (pairs, side, _), is_there in zip(sides, offered, strict=True):
            stays[side[pairs]] |= is_there
            exchanges[pairs] &= ~stays[side[pairs]]


def rewire(lineage: Lineage, rng: np.random.Generator, n_steps: int = N_STEPS) -> Lineage:
    """The lineage after `n_steps` steps of exchanges: the edges keep their children."""
    return replace(lineage, parent=Exchanges.of(lineage).drawn(rng, n_steps))


def _pairs(ends: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The positions that are paired, (pairs,) each; one of an odd block is left over.

    Blocks follow one another and end at `ends`; pairs are made within them.
    """
    first, second, start = [], [], 0
    for end in ends:
        shuffled = start + rng.permutation(end - start)
        second.append(shuffled[1::2])
        first.append(shuffled[0::2][: len(second[-1])])
        start = end
    nobody = [np.empty(0, dtype=np.int64)]
    return np.concatenate(first or nobody), np.concatenate(second or nobody)


# the index


class Followers:
    """Counts the later models that build on at least one parent of a focal, within a window.

    As in `int_followers_counted`, each parent, and each set of several, is a stream of releases,
    in that of a set with the weight -(k - 1) of a model that shares k parents with it. A release is
    one number, its stream and the place of its date among all dates, so that what came in a stream
    between two dates is the difference of two places among the sorted numbers.
    """

    def __init__(self, lineage: Lineage, window_days: int) -> None:
        """Prepare the dates: of each node (n,), and of the end of its window."""
        known, date = np.unique(lineage.created_us, return_inverse=True)
        ends = np.searchsorted(known, known + window_days * DAY_US, side="right") - 1
        self.is_known = lineage.created_us != UNKNOWN
        self.date, self.end, self.n_dates = date, ends[date], len(known)
        self.child = lineage.child

    def counted(
        self, parent: np.ndarray, sets: pd.DataFrame, overlaps: pd.DataFrame
    ) -> pd.DataFrame:
        """One row per dated child: `focal_key`, `n_followers`.

        `parent` (edges,); `sets` is `int_parent_sets_numbered`, `overlaps` has a row per set and
        model (`child_key`) of a set that shares `n_shared_parents` with it.
        """
        is_known = self.is_known[self.child]
        child, stream = self.child[is_known], parent[is_known]
        n_followers = np.bincount(
            child,
            weights=self._within(stream, child, np.ones(len(child)), stream, child),
            minlength=len(self.date),
        )
        sets = sets[self.is_known[sets["child_key"]]]
        overlaps = overlaps[self.is_known[overlaps["child_key"]]]
        n_followers[sets["child_key"]] += self._within(
            overlaps["set_number"].to_numpy(),
            overlaps["child_key"].to_numpy(),
            1.0 - overlaps["n_shared_parents"].to_numpy(),
            sets["set_number"].to_numpy(),
            sets["child_key"].to_numpy(),
        )
        focals = np.unique(child)
        return pd.DataFrame({
            "focal_key": focals, "n_followers": n_followers[focals].astype(np.int64)
        })  # fmt: skip

    def _within(
        self,
        stream: np.ndarray,
        released: np.ndarray,
        weight: np.ndarray,
        asked: np.ndarray,
        focal: np.ndarray,
    ) -> np.ndarray:
        """The weight (q,) of the models `released` (r,) in the stream `asked` (q,) after the focal
        (q,), at most a window later."""
        releases = stream * self.n_dates + self.date[released]
        order = np.argsort(releases)
        releases = releases[order]
        so_far = np.append(0.0, np.cumsum(weight[order]))
        first = asked * self.n_dates
        until = np.searchsorted(releases, first + self.end[focal], side="right")
        before = np.searchsorted(releases, first + self.date[focal], side="right")
        return so_far[until] - so_far[before]


class Counter:
    """Counts n_i, n_j and n_k in lineages over the same nodes."""

    def __init__(self, lineage: Lineage, window_days: int = WINDOW_DAYS, memory: str = "4GB"):
        """Prepare the counts of all lineages that `rewire` makes from this one."""
        if window_days < 1:
            raise RewiringError(f"a window of {window_days} days holds nothing")
        self.lineage = lineage
        self._connection = duckdb.connect(config={"memory_limit": memory})
        n = len(lineage.names)
        self._n_parents = np.bincount(lineage.child, minlength=n)
        positions = {
            "node_key": np.arange(n),
            "n_parents": self._n_parents,
            "n_children": np.bincount(lineage.parent, minlength=n),
        }
        nodes = {"node_key": np.arange(n), "is_listed": lineage.is_listed}
        windows = {"window_name": ["window"], "window_days": [window_days]}
        tables: dict[str, dict] = {
            "int_lineage_positions_summed": positions,
            "int_lineage_nodes_numbered": nodes,
            "disruption_windows": windows,
        }
        for name, columns in tables.items():
            self._connection.register("given", pd.DataFrame(columns))
            self._connection.execute(f"create table {name} as from given")
            self._connection.unregister("given")
        models, self._indices = rendered_models(INDEX)
        self._models = [(name, sql) for name, sql in models if name not in (FOLLOWERS, COMPONENTS)]
        self._components = dict(models)[COMPONENTS]
        self._followers = Followers(lineage, window_days)

    @cached_property
    def exchanges(self) -> Exchanges:
        """The exchanges of the lineage."""
        return Exchanges.of(self.lineage)

    def count(self, parent: np.ndarray) -> pd.DataFrame:
        """One row per focal, by node: `node_key`, `n_i`, `n_j`, `n_k`, `mdi` (null for 0 / 0).

        `parent` (edges,) are the edges' parents; their children are the lineage's own. Calls may
        run in parallel: each makes temporary tables of its own.
        """
        child, created_us = self.lineage.child, self.lineage.created_us
        edges = pd.DataFrame(
            {
                "child_key": child,
                "parent_key": parent,
                "n_parents": self._n_parents[child],
                "child_created_us": created_us[child],
                "parent_created_us": created_us[parent],
            }
        )
        # In the dbt models a missing date is null.
        dates = ("child_created_us", "parent_created_us")
        known = ", ".join(f"nullif({name}, {UNKNOWN}) as {name}" for name in dates)
        with self._connection.cursor() as cursor:
            cursor.register("edges", edges)
            cursor.execute(
                "create temp table int_lineage_edges_resolved as "
                f"select * replace ({known}) from edges"
            )
            for name, sql in self._models:
                cursor.execute(f"create temp table {name} as {sql}")
            sets = cursor.execute("select child_key, set_number from int_parent_sets_numbered").df()
            overlaps = cursor.execute(
                f"select shared.set_number, sets.child_key, shared.n_shared_parents "
                f"from {OVERLAPS} as shared inner join int_parent_sets_numbered as sets "
                "on shared.other_set_number = sets.set_number"
            ).df()
            followers = self._followers.counted(parent, sets, overlaps)
            cursor.register(FOLLOWERS, followers.assign(window_name="window"))
            cursor.execute(f"create temp table {COMPONENTS} as {self._components}")
            return cursor.execute(self._indices).df()


def rendered_models(selected: str) -> tuple[list[tuple[str, str]], str]:
    """The dbt models behind the components as (name, SQL), in order of dependency, and the SQL of
    `selected`, which reads the components and may use the project's macros."""
    models = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
    macros = "".join(
        path.read_text(encoding="utf-8") for path in sorted((PROJECT / "macros").rglob("*.sql"))
    )
    environment = Environment(
        undefined=StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"]
    )
    environment.globals |= {"adapter": {"dispatch": body_on_duckdb}, "return": lambda value: value}
    done: dict[str, str] = {}

    def render(text: str) -> str:
        return environment.from_string(text).render()

    def reference(name: str) -> str:
        if name not in done and name not in GIVEN:
            if name not in models:
                raise RewiringError(f"there is no dbt model {name} to count with")
            done[name] = render(models[name].read_text(encoding="utf-8"))
        return name

    environment.globals["ref"] = reference
    # Read once, as there are hundreds of them.
    environment.globals |= vars(environment.from_string(macros).module)
    index = render(selected)
    return list(done.items()), index


@pass_context
def body_on_duckdb(context: Context, macro: str, package: str) -> Callable:
    """The body of a macro that dbt's `adapter.dispatch` finds on DuckDB."""
    return context[f"duckdb__{macro}"]


def drawn(counter: Counter, number: int, seed: int, n_steps: int = N_STEPS) -> pd.DataFrame:
    """The counts of one rewired lineage, as by `Counter.count` but with `model_id` for the node.

    They depend on the lineage, the seed and the number alone.
    """
    counted = counted_by_chance(counter, number, seed, n_steps)
    counted.insert(0, "model_id", counter.lineage.names[counted.pop("node_key")])
    return counted


def counted_by_chance(counter: Counter, number: int, seed: int, n_steps: int) -> pd.DataFrame:
    """`Counter.count` of one rewired lineage, whose rows are those of any other."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    return counter.count(counter.exchanges.drawn(rng, n_steps))


def mdi_under_chance(
    connection: duckdb.DuckDBPyConnection,
    n_draws: int = 20,
    seed: int = 0,
    n_steps: int = N_STEPS,
    memory: str = "4GB",
) -> pd.DataFrame:
    """One row per focal of the 90-day window with an index: its index under chance alone.

    Columns: `model_id`; `mdi` of the mart; `mdi_chance`, the mean over the draws in which the index
    is defined, and `mdi_chance_deviation` their standard deviation (null with fewer than two);
    `is_disruptive_chance`, the share of them above 0; `n_draws_defined`; `mdi_excess` = `mdi` -
    `mdi_chance`; `mdi_z`, the excess in standard deviations; `share_at_or_above`, the share of the
    draws whose index is not below the real one; `reason`, why `mdi_z` is null, else null. Raises
    RewiringError if the exported lineage does not reproduce the exported index, because the two are
    not of one build.
    """
    if n_draws < 1:
        raise RewiringError(f"{n_draws} draws show nothing; give 1 or more")
    lineage = read_lineage(connection)
    mart = connection.execute(
        """
        select model_id, n_i, n_j, n_k, mdi from disruption
        where window_days = $days and mdi is not null
        order by model_id
        """,
        {"days": WINDOW_DAYS},
    ).df()
    counter = Counter(lineage, memory=memory)
    counted = counter.count(lineage.parent)
    # The rows of the mart's focals, -1 for one that the lineage does not have.
    rows = pd.Index(lineage.names[counted["node_key"]]).get_indexer(mart["model_id"])
    parts = ["n_i", "n_j", "n_k"]
    same = (rows >= 0) & (counted[parts].to_numpy()[rows] == mart[parts].to_numpy()).all(axis=1)
    if not same.all():
        raise RewiringError(
            f"{int((~same).sum())} of {len(mart)} focals have other counts in disruption.parquet "
            "than lineage_edges.parquet gives: make the exports again with `make build`"
        )
    index = mart["mdi"].to_numpy()
    mean, squares, above, reached, defined = (np.zeros(len(mart)) for _ in range(5))
    for number in range(n_draws):
        mdi = counted_by_chance(counter, number, seed, n_steps)["mdi"].to_numpy()[rows]
        is_defined = ~np.isnan(mdi)
        defined += is_defined
        # By Welford's method, an index that is the same in every draw has a deviation of exactly 0.
        change = np.where(is_defined, mdi - mean, 0.0)
        mean += change / np.maximum(defined, 1)
        squares += change * np.where(is_defined, mdi - mean, 0.0)
        above += is_defined & (mdi > 0)
        reached += is_defined & (mdi >= index)
    mean[defined == 0] = np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.where(defined > 1, np.sqrt(squares / (defined - 1)), np.nan)
        z = np.where(deviation > 0, (index - mean) / deviation, np.nan)
        share, share_reached = above / defined, reached / defined
    reason = np.full(len(mart), None, dtype=object)
    reason[deviation == 0] = "the same in every draw"
    reason[defined < 2] = "defined in fewer than two draws"
    return pd.DataFrame(
        {
            "model_id": mart["model_id"],
            "mdi": mart["mdi"],
            "mdi_chance": mean,
            "mdi_chance_deviation": deviation,
            "is_disruptive_chance": share,
            "n_draws_defined": defined.astype(np.int64),
            "mdi_excess": index - mean,
            "mdi_z": z,
            "share_at_or_above": share_reached,
            "reason": reason,
        }
    )

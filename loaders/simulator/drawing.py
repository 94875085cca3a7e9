"""Draws a random Hub: models, lineage and counters with the real Hub's shape, at any size.

`draw` makes the ecosystem in numpy: who released what, when, from which parents, and its counters
at each snapshot. `drawn_items.Generator` turns it into the API's items.

The lineage is a copying model: an edge copies the target of an earlier edge, so that the sizes of
families follow a power law. Foundation models attract waves of derivatives after their release;
quantized copies and merges follow their own rules. The shape follows counts of the Hub in 2025 and
2026: adapters 42 %, finetunes 33 %, quantized 18 %, merges 7 % of the edges, half of the bases
without parents, 1.3 % of the models on the date floor.

Everything is a function of the seed, the number of models and the snapshot times. All random bits
are drawn in numpy, none in DuckDB, so neither threads nor its hash function can change a byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

FLOOR = 1646263744
"""The Hub's back-fill date, 2022-03-02T23:29:04Z, in seconds: older models carry it."""

FLOOR_SHARE = 0.013
FEWEST_MODELS, MOST_MODELS = 500, 15_000_000
"""Fewer models show no shape; more do not fit into the counter of the Hub's identifiers."""

KINDS = ("finetune", "adapter", "quantized", "merge")
FINETUNE, ADAPTER, QUANTIZED, MERGE = range(4)
NEVER = 127
"""Stands for a snapshot that never comes."""

PAGE_SIZE = 1000
DAY = 86_400

DERIVED_SHARE = 0.40
"""Higher than the Hub's 0.31, as a small Hub needs enough derivatives to be worth studying."""

MOST_PARENTS = 65
"""The number of parents of the Hub's model with most parents."""

SIZES_IN_MILLIONS = (22, 66, 110, 135, 335, 500, 1500, 3000, 7000, 8000, 14000, 32000, 70000)

BENCHMARKS = (
    ("sample_board", "knowledge", 48.0, 12.0),
    ("sample_board", "reasoning", 35.0, 9.0),
    ("sample_arena", "rating", 1100.0, 90.0),
)
"""Leaderboard, benchmark, and the mean and spread of its scores: each has its own scale."""

JUNK = (
    "None",
    "none",
    "undefined",
    "unknown",
    "/root/autodl-tmp/model",
    "/content/drive/MyDrive/checkpoints/last",
    "outputs/run-3/checkpoints/last/pretrained_model",
    "./results",
    "llama",
    "my-model",
)
"""What the cards of models without a usable parent give as one."""


@dataclass(frozen=True)
class Ecosystem:
    """What was drawn. Models are numbered in the order of creation, unlisted parents after them."""

    n_models: int
    n_ghosts: int
    moments: tuple[datetime, ...]
    models: dict[str, np.ndarray] = field(repr=False)
    edges: dict[str, np.ndarray] = field(repr=False)
    counters: tuple[dict[str, np.ndarray], ...] = field(repr=False)
    """One set of arrays per snapshot."""
    scores: dict[str, np.ndarray] = field(repr=False)
    """Model, number in BENCHMARKS, score, time of measurement."""
    is_lively: bool = False
    """Whether models also change, return and are recreated between the snapshots."""


def seconds(moment: datetime) -> int:
    """A time as seconds since 1970; UTC if it has no zone."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


@dataclass(frozen=True)
class Effects:
    """The exponents of a known law of likes, in place of likes that follow interest.

    Their mean is the base's appeal times three powers: of the rank of the model's release event in
    the race to each base (`rank`), of 1 + the release events of other owners in the 30 days before
    (`crowding`), and of the days since the release (`age`). They are negative binomial counts of
    size 1. Another `stream` draws other likes for the same models.
    """

    rank: float
    crowding: float
    age: float = 1.0
    stream: int = 0


# the draw


def draw(
    n_models: int,
    moments: Sequence[datetime],
    seed: int,
    effects: Effects | None = None,
    *,
    lively: bool = False,
) -> Ecosystem:
    """Draw an ecosystem of `n_models` models as it was seen at each of `moments`.

    The number counts the models of all snapshots, including those released or deleted between two
    of them. Planted `effects` change the likes and nothing else. On a `lively` Hub the weeks differ
    as much as the real ones do: see `_liven`.
    """
    if not FEWEST_MODELS <= n_models <= MOST_MODELS:
        raise ValueError(f"an ecosystem has {FEWEST_MODELS:,} to {MOST_MODELS:,} models")
    if list(moments) != sorted(set(moments)):
        raise ValueError("the snapshots must be given in order of time")
    clock = np.array([seconds(moment) for moment in moments], dtype=np.int64)
    # one stream per step, so that a change to one step does not change what the others draw
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(9)]
    released = _release_times(streams[0], n_models, int(clock[-1]))
    kind, foundations = _kinds(streams[1], released)
    owner, bulk = _owners(streams[2], kind)
    child, parent, slot, n_ghosts, kind = _lineage(streams[3], released, kind, foundations)
    models = {
        "idx": np.arange(n_models, dtype=np.int32),
        "released": released,
        "owner": owner.astype(np.int32),
        "is_bulk": bulk[owner],
        "kind": kind.astype(np.int8),
        "bits": streams[4].integers(0, 2**63, n_models, dtype=np.uint64),
        "more_bits": streams[4].integers(0, 2**63, n_models, dtype=np.uint64),
    }
    models |= _stems(streams[5], models, child, parent)
    models |= _histories(streams[6], models, child, parent, clock)
    edges = {
        "child": child.astype(np.int32),
        "parent": parent.astype(np.int32),
        "slot": slot.astype(np.int16),
        "edge_bits": streams[4].integers(0, 2**63, child.size, dtype=np.uint64),
    }
    counters, last_modified, interest = _counters(streams[7], models, child, parent, clock)
    models["last_modified"] = last_modified
    if effects is not None:
        random = np.random.default_rng((seed, 9, effects.stream))
        liked = _planted_likes(random, effects, models, child, parent, clock)
        for seen, likes in zip(counters, liked, strict=True):
            seen["likes"] = likes
    models["back"] = np.full(n_models, NEVER, dtype=np.int8)
    models["remade"] = np.full(n_models, NEVER, dtype=np.int8)
    models["remade_at"] = released
    if lively:
        _liven(np.random.default_rng((seed, 10)), models, counters, clock)
    scores = _scores(streams[8], models, interest, clock)
    return Ecosystem(n_models, n_ghosts, tuple(moments), models, edges, counters, scores, lively)


def _release_times(random, n: int, end: int) -> np.ndarray:
    """Creation times in seconds: growth over the calendar, the date floor, same-second ties."""
    released = FLOOR + ((end - FLOOR) * np.sort(random.random(n)) ** (1 / 2.6)).astype(np.int64)
    on_floor = int(n * FLOOR_SHARE)
    released[on_floor:] = np.maximum(released[on_floor:], FLOOR + 2 * DAY)
    tied = random.random(n) < 0.02
    tied[: on_floor + 1] = False
    released = released[np.maximum.accumulate(np.where(tied, 0, np.arange(n)))]
    # two values are on record for the floor: most models have the first
    released[:on_floor] = FLOOR + (random.random(on_floor) < 0.2)
    return np.sort(released)


def _kinds(random, released: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The relation of each model to its parents (-1: it has none), and the foundation models."""
    n = released.size
    derived = random.random(n) < DERIVED_SHARE
    early = max(int(n * FLOOR_SHARE), 50)
    derived[:early] &= random.random(early) < 0.1
    derived[:20] = False
    # shares of models; a merge has 3.2 edges on average, so its share of edges is three times this
    kind = np.searchsorted(np.cumsum([0.347, 0.443, 0.187]), random.random(n), side="right")
    kind[: min(200, n // 10)] = FINETUNE
    n_foundations = max(int(450 * (n / 2_556_240) ** 0.35), 6)
    first, last = int(released[0]), int(released[-1]) - 30 * DAY
    at = np.searchsorted(released, first + (last - first) * random.random(n_foundations))
    foundations = np.unique(np.clip(at, 1, n - 2))
    # roots, or one step from one
    derived[foundations] &= random.random(foundations.size) < 0.6
    kind[foundations] = FINETUNE
    # one model has as many parents as any model on the Hub
    largest_merge = n - 1 - int(n * 0.2)
    derived[largest_merge] = True
    kind[largest_merge] = MERGE
    return np.where(derived, kind, -1), foundations


def _owners(random, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The owner of each model, and which owners release in bulk.

    Owners gain models in proportion to those they have. Three accounts repackage, train and
    duplicate in bulk, as single accounts do on the Hub (one made 38 % of all quantized models).
    """
    n = kind.size
    model = np.arange(n)
    # most owners are active for a while, a few all the time
    recent = random.exponential(n * 0.05, n)
    any_time = random.random(n) * model
    back = np.where(random.random(n) < 0.45, recent, any_time).astype(np.int64)
    again = (random.random(n) < 0.78) & (back > 0) & (back < model)
    pointer = np.where(again, model - back, model)
    _, owner = np.unique(_follow(pointer), return_inverse=True)
    n_owners = int(owner.max()) + 1
    dice = random.random(n)
    late = model > n * 0.3
    owner = np.where(late & (kind == QUANTIZED) & (dice < 0.36), n_owners, owner)
    owner = np.where(late & (kind == ADAPTER) & (dice < 0.05), n_owners + 1, owner)
    owner = np.where(late & (kind == -1) & (dice < 0.012), n_owners + 2, owner)
    return owner, np.arange(n_owners + 3) >= n_owners


def _follow(pointer: np.ndarray) -> np.ndarray:
    """The end of each chain of pointers; an end points to itself."""
    while True:
        further = pointer[pointer]
        if np.array_equal(further, pointer):
            return pointer
        pointer = further


def _lineage(random, released, kind, foundations):
    """Edges child -> parent with their place in the card; unlisted parents are numbered from n."""
    n = released.size
    kind = kind.copy()
    derived = kind >= 0
    merges = np.flatnonzero(kind == MERGE)
    n_parents = derived.astype(np.int64)
    n_parents[merges] = np.minimum(2 + np.floor(random.exponential(1.9, merges.size)), 10)
    large = merges[random.random(merges.size) < 0.004]
    n_parents[large] = random.integers(11, 33, large.size)
    several = derived & (kind != MERGE) & (random.random(n) < 0.023)
    n_parents[several] = 2
    child = np.repeat(np.arange(n), n_parents)
    slot = np.arange(child.size) - np.repeat(np.cumsum(n_parents) - n_parents, n_parents)

    parent = _targets(random, released, kind, foundations, merges, n_parents, child, slot)
    child, parent, slot = _largest_merge(kind, child, parent, slot)
    child, parent, slot, n_ghosts = _graph_dirt(random, n, child, parent, slot)
    # one edge per pair; the first place counts
    _, first = np.unique(child * np.int64(n + n_ghosts) + parent, return_index=True)
    child, parent, slot = child[first], parent[first], slot[first]
    # models whose only parent comes from a cycle
    without_relation = child[kind[child] < 0]
    kind[without_relation] = FINETUNE
    return child, parent, slot, n_ghosts, kind


def _targets(random, released, kind, foundations, merges, n_parents, child, slot):
    """The parent of every edge, always an earlier model."""
    n, size = kind.size, child.size
    edge = np.arange(size)
    edge_kind = kind[child]
    # who may be chosen directly: quantized copies and adapters hardly ever are, and most models
    # without a parent have no children either
    chance = np.array([0.25, 0.45, 0.01, 0.01, 1.0])[kind + 1]
    pool = np.flatnonzero(random.random(n) < chance)
    before = np.searchsorted(pool, child)
    recent = np.minimum(random.exponential(4000 * n / 2_556_240 + 5, size), before - 1)
    old = np.minimum(random.exponential(0.08, size) * before, before - 1)
    back = np.where(edge_kind == QUANTIZED, recent, old).astype(np.int64)
    direct = pool[np.maximum(before - 1 - back, 0)]

    # copying: an edge takes the parent of an earlier edge, often of a recent one
    dice = random.random(size)
    copies = (edge_kind <= ADAPTER) & (dice < 0.90) | (edge_kind == QUANTIZED) & (dice < 0.30)
    near = np.minimum(random.exponential(0.03, size) * edge + 1, edge)
    far = random.random(size) * edge
    source = edge - 1 - np.where(random.random(size) < 0.62, far, near).astype(np.int64)
    source = np.maximum(source, 0)

    # merges take the parent in the same place of an earlier merge, that merge itself, or the parent
    # of any earlier edge
    of_merge = np.flatnonzero(edge_kind == MERGE)
    earlier = np.searchsorted(merges, child[of_merge])
    chosen = random.random(n)[child[of_merge]]  # once per child: whole sets are copied
    lag = (-np.log1p(-chosen) * 0.02 * earlier + chosen * 20).astype(np.int64)
    lag = np.minimum(lag, np.maximum(earlier - 1, 0))
    other = merges[np.maximum(earlier - 1 - lag, 0)]
    dice = random.random(of_merge.size)
    enough = earlier > 5
    same_place = enough & (dice < 0.45)
    itself = enough & (dice >= 0.45) & (dice < 0.55)
    anything = ~same_place & ~itself & (dice < 0.85)
    copies[of_merge] = same_place | anything
    first_edge = np.cumsum(n_parents) - n_parents
    place = np.minimum(slot[of_merge], n_parents[other] - 1)
    source[of_merge[same_place]] = (first_edge[other] + place)[same_place]
    direct[of_merge[itself]] = other[itself]

    # foundation models, each with a wave of derivatives after its release
    wave = np.where(edge_kind <= ADAPTER, 0.55, 0.12)
    follows = np.flatnonzero(random.random(size) < wave)
    hit = _foundation_of(random, released, foundations, child[follows])
    direct[follows[hit >= 0]] = hit[hit >= 0]
    copies[follows[hit >= 0]] = False

    copies &= source < edge
    copies[0] = False
    parent = direct[_follow(np.where(copies, source, edge))]
    parent = np.where(parent < child, parent, np.maximum(child - 1, 0))
    # a derived foundation model follows the one before it
    is_foundation = np.zeros(n, dtype=bool)
    is_foundation[foundations] = True
    heirs = np.flatnonzero(is_foundation[child] & (child > foundations[0]))
    parent[heirs] = foundations[np.searchsorted(foundations, child[heirs]) - 1]
    return parent


def _foundation_of(random, released, foundations, child) -> np.ndarray:
    """A foundation model for each child, by appeal and age; -1 where none is released yet."""
    half_month = 15 * DAY
    appeal = np.arange(1, foundations.size + 1) ** -0.85
    appeal = appeal[random.permutation(foundations.size)]
    # the largest wave is a recent one
    late, best = int(foundations.size * 0.62), int(appeal.argmax())
    appeal[[late, best]] = appeal[[best, late]]
    born = (released[foundations] - FLOOR) // half_month
    period = (released[child] - FLOOR) // half_month
    dice = random.random(child.size)
    chosen = np.full(child.size, -1, dtype=np.int64)
    for now in np.unique(period):
        here = np.flatnonzero(period == now)
        age = (now - born).astype(float)
        pull = np.where(age > 0, appeal * np.exp(-age / 20.0) * (1 - np.exp(-age / 2.0)), 0.0)
        if pull.sum() > 0:
            share = np.cumsum(pull) / pull.sum()
            at = np.minimum(np.searchsorted(share, dice[here]), foundations.size - 1)
            chosen[here] = foundations[at]
    return chosen


def _largest_merge(kind, child, parent, slot):
    """Give one merge as many parents as any model on the Hub has."""
    n = kind.size
    model = n - 1 - int(n * 0.2)
    usable = np.flatnonzero((kind[:model] != ADAPTER) & (kind[:model] != QUANTIZED))
    others = child != model
    child = np.concatenate([child[others], np.full(MOST_PARENTS, model)])
    parent = np.concatenate([parent[others], usable[-MOST_PARENTS:]])
    slot = np.concatenate([slot[others], np.arange(MOST_PARENTS)])
    return child, parent, slot


def _graph_dirt(random, n, child, parent, slot):
    """Time-inverted edges, unlisted parents, cycles and self references."""
    size = child.size
    dice = random.random(size)
    inverted = dice < 0.008
    later = child + 1 + random.exponential(max(n / 1300, 5), size).astype(np.int64)
    parent = np.where(inverted, np.minimum(later, n - 1), parent)
    n_ghosts = max(n // 120, 20)
    gone = (dice >= 0.008) & (dice < 0.038)
    popular = (n_ghosts ** random.random(size)).astype(np.int64) - 1
    parent = np.where(gone, n + np.clip(popular, 0, n_ghosts - 1), parent)
    # cycles are claimed in small families, as on the Hub
    degree = np.bincount(parent, minlength=n + n_ghosts)
    small = np.flatnonzero(~gone & (parent != child) & (degree[parent] <= 20))
    two = random.permutation(small)[: max(n // 5000, 2)]
    first_parent = np.full(n + n_ghosts, -1)
    first_parent[child[::-1]] = parent[::-1]
    grand = first_parent[parent[small]]
    good = small[(grand >= 0) & (grand < n) & (grand != child[small])]
    good = random.permutation(good)
    # whoever closes the cycle too: among 250,000 models, cycles of foundation models held 6 % of
    # the edges or cut them off from every root
    three = good[degree[first_parent[parent[good]]] <= 20][: max(n // 10_000, 2)]
    oneself = random.permutation(np.unique(child))[: max(n // 1000, 2)]
    new_child = np.concatenate([parent[two], first_parent[parent[three]], oneself])
    new_parent = np.concatenate([child[two], child[three], oneself])
    return (
        np.concatenate([child, new_child]),
        np.concatenate([parent, new_parent]),
        np.concatenate([slot, np.full(new_child.size, 100)]),
        n_ghosts,
    )


def _first_parents(n: int, child: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """The first listed parent of each model, or -1."""
    first = np.full(n, -1, dtype=np.int64)
    known = np.flatnonzero((parent < n) & (parent != child))[::-1]
    first[child[known]] = parent[known]
    return first


def _stems(random, models, child, parent) -> dict[str, np.ndarray]:
    """What a family shares, taken from its first ancestor: name, size, task, architecture.

    One finetune in sixteen has a new head, which its descendants keep.
    """
    n = models["idx"].size
    first = _first_parents(n, child, parent)
    # time-inverted edges and cycles are left out, so that the chains of pointers end
    earlier = (first >= 0) & (first < np.arange(n))
    stem = _follow(np.where(earlier, first, np.arange(n)))
    has_new = (models["kind"] == FINETUNE) & (models["bits"] >> 59 & 15 == 0)
    maker = _follow(np.where(earlier & ~has_new, first, np.arange(n)))
    size = np.searchsorted(
        np.cumsum([0.05, 0.09, 0.12, 0.04, 0.07, 0.1, 0.12, 0.09, 0.15, 0.08, 0.05, 0.03]),
        random.random(n),
        side="right",
    )
    return {
        "stem": stem.astype(np.int32),
        "stem_bits": models["bits"][stem],
        "size": size[stem].astype(np.int8),
        "has_new_head": has_new[maker],
    }


def _histories(random, models, child, parent, clock) -> dict[str, np.ndarray]:
    """What happens to models between the snapshots; all numbers are positions in `moments`.

    A model is listed from `first_seen` until before `gone`; `renamed` is the first snapshot with
    its present name (0: renamed before the first one, -1: never); `declared` the first snapshot in
    which it names its parents.
    """
    n, k = models["idx"].size, clock.size
    released = models["released"]
    # a repository created in the second of the snapshot is not listed yet
    first_seen = np.searchsorted(clock, released, side="left")
    first_seen = np.minimum(first_seen, k)
    gone = np.full(n, k)
    renamed = np.full(n, -1)
    declared = np.zeros(n, dtype=np.int64)
    has_children = np.zeros(n, dtype=bool)
    has_children[parent[parent < n]] = True
    for snapshot in range(1, k):
        listed = (first_seen < snapshot) & (gone == k)
        gone[listed & (random.random(n) < 0.004)] = snapshot
        renamed[listed & (renamed < 0) & (random.random(n) < 0.0008)] = snapshot
        declared[listed & (random.random(n) < 0.004)] = snapshot
    before = (renamed < 0) & (first_seen == 0) & has_children & (random.random(n) < 0.04)
    renamed[before] = 0
    # references to a model that is listed throughout may be mistyped and still be resolved
    gone[renamed >= 0] = k
    stable = (first_seen == 0) & (gone == k) & (renamed < 0)
    return {
        "first_seen": first_seen.astype(np.int8),
        "gone": gone.astype(np.int8),
        "renamed": renamed.astype(np.int8),
        "declared": declared.astype(np.int8),
        "is_stable": stable,
    }


def _counters(random, models, child, parent, clock):
    """Downloads, likes and trending score at each snapshot, the last commit, and the interest.

    Interest is log-normal: higher for famous owners, for bases of many models and for derivatives
    of famous bases, lower for late entrants.
    """
    n, k = models["idx"].size, clock.size
    released = models["released"]
    degree = np.bincount(parent[parent < n], minlength=n)
    first = _first_parents(n, child, parent)
    base = np.maximum(first, 0)
    order = np.lexsort((released, base))
    start = np.searchsorted(base[order], base[order], side="left")
    rank = np.empty(n)
    rank[order] = np.arange(n) - start
    lateness = rank / np.maximum(np.bincount(base, minlength=n)[base] - 1, 1)
    fame = np.log1p(degree)
    owner_fame = random.standard_normal(int(models["owner"].max()) + 1)[models["owner"]]
    interest = (
        1.0
        + 2.2 * random.standard_normal(n)
        + 0.9 * owner_fame
        + 0.9 * fame
        + np.where(first >= 0, 0.15 * fame[base] - 0.9 * lateness, 0.0)
    )
    monthly = np.exp(np.clip(interest, -20, 17))
    monthly[random.random(n) < 0.3] = 0.0
    likes = np.floor(np.exp(0.5 * interest - 1.2)).astype(np.int64)
    counters, total = [], None
    for snapshot in range(k):
        age = np.maximum(clock[snapshot] - released, 0) / DAY
        weekly = 0.25 * random.standard_normal(n)
        fresh = 0.4 + 2.0 * np.exp(-age / 60)
        # in its first month a model has had fewer than 30 days to be downloaded
        span = np.minimum(age / 30, 1.0)
        downloads = np.floor(monthly * fresh * span * np.exp(weekly)).astype(np.int64)
        if total is None:
            past = 0.4 * age / 30 + 4.0 * (1 - np.exp(-age / 60))
            total = np.maximum(np.floor(monthly * past).astype(np.int64), downloads)
        else:
            days = (clock[snapshot] - clock[snapshot - 1]) / DAY
            fallen = random.random(n) < 0.002
            grown = np.maximum(total + (downloads * days / 30).astype(np.int64), downloads)
            total = np.where(fallen, total * 9 // 10, grown)
            step = random.random(n) < np.minimum(0.004 * (1 + likes), 0.9)
            likes = likes + step * (1 + likes // 200) - ((random.random(n) < 0.001) & (likes > 0))
        trend = np.floor(likes * np.exp(-age / 20) * 2) / 2
        counters.append(
            {
                "idx": models["idx"],
                "downloads": downloads,
                "downloads_all_time": total,
                "likes": likes,
                "trending_score": trend,
            }
        )
    listed_from = clock[np.minimum(models["first_seen"], k - 1)]
    room = np.maximum(listed_from - released, 0)
    worked = np.minimum(random.exponential(12 * DAY, n), room * 0.9).astype(np.int64)
    worked[random.random(n) < 0.35] = 30
    worked = np.minimum(worked, room)
    worked[random.random(n) < 0.002] = -3600
    return tuple(counters), released + worked, interest


def _liven(random, models, counters, clock) -> None:
    """Change the models from week to week as on the Hub.

    One listed model in ten has a new commit, so that its item changes; of the deleted ones, one in
    ten returns in a later week; one in two thousand is deleted and recreated under its name.
    """
    n, k = models["idx"].size, clock.size
    first_seen, gone, back = models["first_seen"], models["gone"], models["back"]
    last_modified = models["last_modified"].copy()
    for snapshot in range(k):
        if snapshot:
            listed = (first_seen < snapshot) & ((gone > snapshot) | (back <= snapshot))
            away = (gone < snapshot) & (back == NEVER)
            back[away & (random.random(n) < 0.1)] = snapshot
            again = listed & (models["remade"] == NEVER) & (random.random(n) < 0.0005)
            models["remade"][again] = snapshot
            week = clock[snapshot] - clock[snapshot - 1]
            within = clock[snapshot] - 1 - (random.random(n) * (week - 1)).astype(np.int64)
            models["remade_at"] = np.where(again, within, models["remade_at"])
            last_modified = np.where(listed & (random.random(n) < 0.1), within, last_modified)
        counters[snapshot]["last_modified"] = last_modified


def _planted_likes(random, effects, models, child, parent, clock) -> list[np.ndarray]:
    """The likes of all models at each snapshot, by the law of `Effects`; (n,) each.

    A model with several bases has the effects of each race and the appeal of the first base.
    """
    n, released, owner = models["idx"].size, models["released"], models["owner"]
    races = (parent < n) & (child != parent) & (released[child] > FLOOR + DAY)
    child, parent = child[races], parent[races]
    # an owner's releases for one base on one day are one event, at the time of the first model
    day = released[child] // DAY
    order = np.lexsort((child, day, owner[child], parent))
    new = np.ones(order.size, dtype=bool)
    for values in (parent, owner[child], day):
        new[1:] &= values[order][1:] == values[order][:-1]
    new[1:] = ~new[1:]
    event = np.empty(order.size, dtype=np.int64)
    event[order] = np.cumsum(new) - 1
    leads = order[new]
    at, base, who = released[child[leads]], parent[leads], owner[child[leads]]

    # races are put so far apart on one time line that no window reaches the next one
    def before(group: np.ndarray, moment: np.ndarray, line: np.ndarray) -> np.ndarray:
        return np.searchsorted(line, group * 2**34 + moment)

    line = np.sort(base * 2**34 + at)
    starts = np.searchsorted(line, base * 2**34)
    rank = (before(base, at, line) - starts + 1)[event]

    group = parent.astype(np.int64)
    _, pair = np.unique(base * np.int64(2**32) + who, return_inverse=True)
    own_line = np.sort(pair * 2**34 + at)
    moment, month = released[child], 30 * DAY
    crowding = before(group, moment, line) - before(group, moment - month, line)
    own = pair[event]
    crowding -= before(own, moment, own_line) - before(own, moment - month, own_line)

    exponent = effects.rank * np.log(rank) + effects.crowding * np.log1p(crowding)
    exponent = np.bincount(child, weights=exponent, minlength=n)
    appeal = random.normal(0.0, 0.7, n)
    exponent += appeal[np.maximum(_first_parents(n, child, parent), 0)]
    scatter = random.gamma(1.0, 1.0, n)
    liked, seen = [], np.zeros(n, dtype=np.int64)
    exposure = np.zeros(n)
    for now in clock:
        grown = (np.maximum(now - released, 0) / DAY) ** effects.age
        seen = seen + random.poisson(np.exp(exponent) * scatter * (grown - exposure) / 30)
        liked.append(seen)
        exposure = grown
    return liked


def _scores(random, models, interest, clock):
    """Scores of the models that were measured: few were, and rather those of much interest.

    Quality is interest plus as much noise, and each benchmark measures it with its own noise, all
    within 60 days of the release.
    """
    n = models["idx"].size
    standard = (interest - interest.mean()) / interest.std()
    quality = (standard + random.standard_normal(n)) / np.sqrt(2.0)
    is_measured = random.random(n) < 0.12 / (1.0 + np.exp(-standard))
    found = {"idx": [], "benchmark": [], "score": [], "measured": []}
    for number, (_, _, mean, spread) in enumerate(BENCHMARKS):
        here = np.flatnonzero(is_measured & (random.random(n) < 0.8))
        noise = 0.5 * random.standard_normal(here.size)
        delay = random.integers(DAY, 60 * DAY, here.size)
        found["idx"].append(here.astype(np.int32))
        found["benchmark"].append(np.full(here.size, number, dtype=np.int8))
        found["score"].append(np.round(mean + spread * (quality[here] + noise), 2))
        found["measured"].append(np.minimum(models["released"][here] + delay, int(clock[-1])))
    return {name: np.concatenate(arrays) for name, arrays in found.items()}

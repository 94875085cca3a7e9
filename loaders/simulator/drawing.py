"""A drawn Hub: models, lineage and counters with the real Hub's shape, at any size.

Two steps. `draw` makes the ecosystem in numpy: who released what, when, from which parents, and how
it fared at each snapshot. `Generator` loads these arrays into DuckDB and assembles the API's items
there, so that no Python loop runs over the models.

The lineage is a copying model: an edge copies the target of an earlier edge, which gives families
a power-law size. Foundation models draw waves of derivatives after their release; quantized copies
and merges follow rules of their own. The shape follows published counts of the Hub in 2025 and
2026: adapters 42 %, finetunes 33 %, quantized 18 %, merges 7 % of the edges, half of the bases
without parents, 1.3 % of the models on the date floor.

Everything is a function of the seed, the number of models and the snapshot times. All random bits
are drawn in numpy, none in DuckDB, so neither threads nor its hash function can change a byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import numpy as np

FLOOR = 1646263744
"""The Hub's back-fill date, 2022-03-02T23:29:04Z, in seconds: older models carry it."""

FLOOR_SHARE = 0.013
FEWEST_MODELS, MOST_MODELS = 500, 15_000_000
"""With fewer there is no shape; more do not fit the counter in the Hub's identifiers."""

KINDS = ("finetune", "adapter", "quantized", "merge")
FINETUNE, ADAPTER, QUANTIZED, MERGE = range(4)
NEVER = 127
"""The place of a snapshot that does not come."""

PAGE_SIZE = 1000
DAY = 86_400

DERIVED_SHARE = 0.40
"""Higher than the Hub's 0.31, as a small Hub needs enough derivatives to be worth studying."""

MOST_PARENTS = 65
"""As many as the model with most parents on the Hub has."""

SIZES_IN_MILLIONS = (22, 66, 110, 135, 335, 500, 1500, 3000, 7000, 8000, 14000, 32000, 70000)

BENCHMARKS = (
    ("sample_board", "knowledge", 48.0, 12.0),
    ("sample_board", "reasoning", 35.0, 9.0),
    ("sample_arena", "rating", 1100.0, 90.0),
)
"""Leaderboard, benchmark, and the mean and spread of its scores: each has a scale of its own."""

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
"""What cards of models without a usable parent say."""


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
    """Whether models also say something new, are made again and return between the snapshots."""


def seconds(moment: datetime) -> int:
    """`moment`, UTC where it names no zone, as seconds since 1970."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


@dataclass(frozen=True)
class Effects:
    """Likes whose law is known, in place of those that follow interest.

    Their mean is the base's appeal times these powers: `rank` of the model's release event in the
    race to each base, `crowding` of 1 + the release events of other owners in the 30 days before,
    `age` of the days since the release. They scatter as negative binomial counts of size 1.
    `stream` chooses other likes for the same models.
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

    The number counts every model of any snapshot: those released between two snapshots and those
    deleted between two are among them. Planted `effects` change the likes and nothing else. On a
    `lively` Hub the weeks differ as much as the real ones do: see `_liven`.
    """
    if not FEWEST_MODELS <= n_models <= MOST_MODELS:
        raise ValueError(f"an ecosystem has {FEWEST_MODELS:,} to {MOST_MODELS:,} models")
    if list(moments) != sorted(set(moments)):
        raise ValueError("the snapshots must be given in the order of time")
    clock = np.array([seconds(moment) for moment in moments], dtype=np.int64)
    # one stream per step: a change to one leaves what the others draw alone
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
    # shares of models; a merge brings 3.2 edges, so that its share of edges is three times this
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

    Owners gather models in proportion to what they have. Three accounts repackage, train and
    duplicate in bulk, as single accounts do on the Hub (one made 38 % of all quantized models).
    """
    n = kind.size
    model = np.arange(n)
    # most owners are busy for a while, a few for ever
    recent = random.exponential(n * 0.05, n)
    ever = random.random(n) * model
    back = np.where(random.random(n) < 0.45, recent, ever).astype(np.int64)
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
    """Edges child -> parent with their place in the card, unlisted parents from `n` on."""
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
    # models that only a cycle gave a parent
    without_relation = child[kind[child] < 0]
    kind[without_relation] = FINETUNE
    return child, parent, slot, n_ghosts, kind


def _targets(random, released, kind, foundations, merges, n_parents, child, slot):
    """The parent of every edge, always an earlier model."""
    n, size = kind.size, child.size
    edge = np.arange(size)
    edge_kind = kind[child]
    # who may be chosen directly: ends of lines (quantized copies, adapters) hardly ever are, and
    # most models without a parent stay alone
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

    # merges: the same place of an earlier merge, that merge itself, or any earlier edge's parent
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
    """A foundation model for each child, by appeal and age; -1 where none is out yet."""
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
    """Give one merge the most parents that a model on the Hub has."""
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
    # cycles are claimed by owners of small families, as the real ones are
    degree = np.bincount(parent, minlength=n + n_ghosts)
    small = np.flatnonzero(~gone & (parent != child) & (degree[parent] <= 20))
    two = random.permutation(small)[: max(n // 5000, 2)]
    first_parent = np.full(n + n_ghosts, -1)
    first_parent[child[::-1]] = parent[::-1]
    grand = first_parent[parent[small]]
    good = small[(grand >= 0) & (grand < n) & (grand != child[small])]
    good = random.permutation(good)
    # whoever claims the cycle too: among 250,000 models cycles of foundation models held, or cut
    # off from every root, 6 % of the edges
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
    """What a family has in common, taken from its first ancestor: name, size, task, make.

    One finetune in sixteen puts another head on, which whoever builds on it keeps.
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
    """What happens to models between the snapshots; all numbers are places in `moments`.

    `first_seen` and `gone` bound the snapshots that list a model; `renamed` is the first snapshot
    with its present name (0: renamed before the first one, -1: never); `declared` the first
    snapshot in which it names its parents.
    """
    n, k = models["idx"].size, clock.size
    released = models["released"]
    # a repository made in the second of the snapshot is not listed yet
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
    # references to a model that is there all the time may be mistyped and still be found
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

    Interest is spread like a log-normal, higher for famous owners, for bases of many and for
    derivatives of famous bases, lower for those who come late to their base.
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
    """Have the models live as on the Hub, week by week.

    One listed model in ten has a new commit, so that its item says something else; of those that
    were deleted one in ten returns in a later week; one in two thousand is deleted and made again
    under its name.
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
    """Everybody's likes at each snapshot, as `Effects` says; (n,) each.

    Who has several bases bears the effects of each race and the appeal of the first base.
    """
    n, released, owner = models["idx"].size, models["released"], models["owner"]
    races = (parent < n) & (child != parent) & (released[child] > FLOOR + DAY)
    child, parent = child[races], parent[races]
    # what an owner puts out for one base on one day is one event, at the time of its first model
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

    # races lie so far apart on one line of time that no window reaches the next one
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
    """Scores of the models that anybody measured: most are not, those of interest more often.

    Quality follows interest with as much noise again, and each benchmark measures it with noise
    of its own. Whoever is measured is so within 60 days of the release.
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


# the items, assembled by DuckDB


NAMES = """
create or replace macro pick(words, bits, shift) as
    words[1 + ((bits >> shift) % len(words)::ubigint)::int];
create or replace macro family_word(bits) as pick([
    'Heron', 'Otter', 'Falco', 'Lynx', 'Mistle', 'Corvid', 'Tern', 'Marten', 'Wren', 'Ibis',
    'Panda', 'Orca', 'Finch', 'Kestrel', 'Gecko', 'Bison', 'Crane', 'Dingo', 'Egret', 'Civet',
    'bert-sparrow', 'wav2owl', 'vit-toad', 'sdxl-moth'], bits, 0);
-- what the family of each word is made as; diffusion models have no such thing
create or replace macro family_body(bits) as pick([
    'Llama', 'Llama', 'Qwen2', 'Llama', 'Mistral', 'Qwen2', 'Gemma2', 'Llama', 'Qwen2', 'Phi3',
    'Llama', 'Mistral', 'Qwen2', 'Llama', 'Gemma2', 'Llama', 'Qwen2', 'Mistral', 'Llama', 'Phi3',
    'Bert', 'Wav2Vec2', 'ViT', null], bits, 0);
create or replace macro head_of(body, has_new_head) as case
    when body = 'ViT' then 'ForImageClassification'
    when has_new_head then 'ForSequenceClassification'
    when body = 'Bert' then 'ForMaskedLM'
    when body = 'Wav2Vec2' then 'ForCTC'
    else 'ForCausalLM' end;
create or replace macro family_version(bits) as
    pick(['', '', '-2', '-2.5', '-3', '-3.1', '-v0.1', '-4'], bits, 8);
create or replace macro family_role(bits) as
    pick(['', '', '', '-base', '-Instruct', '-chat', '-it'], bits, 12);
create or replace macro size_label(size) as
    (['22M', '66M', '110M', '135M', '335M', '0.5B', '1.5B', '3B', '7B', '8B', '14B', '32B', '70B']
    )[1 + size];
create or replace macro suffix(kind, bits) as case kind
    when 0 then pick(['sft', 'dpo', 'finetuned', 'emotion', 'ner', 'code', 'math', 'roleplay',
                      'medical', 'fr', 'news', 'reward', 'grpo', 'squad'], bits, 16)
    when 1 then pick(['lora', 'qlora', 'style-lora', 'sft-lora', 'adapter', 'peft', 'ner-lora'],
                     bits, 16)
    when 2 then pick(['GGUF', 'GGUF', 'i1-GGUF', 'AWQ', 'GPTQ-Int4', 'bnb-4bit', 'mlx-4bit',
                      '8bit'], bits, 16)
    when 3 then pick(['slerp', 'dare-ties', 'merged', 'linear', 'model-stock'], bits, 16)
    else pick(['test', 'emotion', 'demo', 'scratch', 'cartpole', 'tiny', 'custom', 'results'],
              bits, 16) end;
create or replace macro owner_name(owner) as
    (['amber', 'brisk', 'calm', 'dusty', 'eager', 'faint', 'gentle', 'hazel', 'icy', 'jolly',
      'keen', 'lucid', 'mellow', 'noble', 'olive', 'plain', 'quiet', 'rapid', 'solid', 'tidy']
    )[1 + owner % 20]
    || case when owner % 7 = 0 then '-' else '' end
    || (['anchor', 'beacon', 'cedar', 'delta', 'ember', 'forge', 'grove', 'harbor', 'inlet',
         'juniper', 'kiln', 'lantern', 'meadow', 'nook', 'orchard', 'pier', 'quarry', 'ridge',
         'studio', 'tower'])[1 + owner // 20 % 20]
    || case when owner >= 400 then (owner // 400)::varchar else '' end;
"""

IDENTITIES = """
create or replace table drawn_ids as
with named as (
    select
        idx,
        case
            when is_bulk then 'bulk-' || owner_name(owner)
            when owner % 5 = 0 then 'Lab-' || owner_name(owner)
            else owner_name(owner)
        end as owner_name,
        family_word(stem_bits) || family_version(stem_bits) || '-' || size_label(size)
        || case
            when kind >= 0 then '-' || suffix(kind, bits)
            when bits >> 24 & 1 = 0 then family_role(bits)
            else '-' || suffix(-1, bits)
        end as name
    from drawn_models
), numbered as (
    select
        *,
        row_number() over (partition by lower(owner_name), lower(name) order by idx) as copy_number
    from named
), renamed as (
    select
        idx,
        owner_name,
        name || case when copy_number > 1 then '-v' || copy_number else '' end as name
    from numbered
)
select
    idx,
    owner_name as owner,
    owner_name || '/' || name as id,
    -- before a rename the repository had another name, or another owner
    case
        when drawn_models.renamed >= 0 and bits >> 30 & 1 = 0
            then owner_name || '/' || name || '-preview'
        when drawn_models.renamed >= 0 then owner_name || '-labs/' || name
    end as old_id,
    -- the Hub's identifiers: time, machine, counter
    printf('%08x', released)
    || case
        when released < $floor_end then '36468d709f'
        else pick(['7c6a26cba1', '04d0e6ed2b', 'e4b5c1d80f', '1f53a97b62'], more_bits, 0)
    end as oid_head,
    idx + case when released < $floor_end then 1507328 else 0 end as oid_counter
from renamed inner join drawn_models using (idx)
union all
select
    $n_models + ghost as idx,
    'gone-' || owner_name((ghost * 7) % 400) as owner,
    'gone-' || owner_name((ghost * 7) % 400) || '/' || 'Lost-' || ghost as id,
    null as old_id,
    printf('%08x', $floor_end + ghost * 9973) || '7c6a26cba1' as oid_head,
    ghost + 9000000 as oid_counter
from range($n_ghosts) as ghosts(ghost);
"""

# What a card says and what the Hub makes of it. The Hub tags only parents it can resolve, under
# their present names; of several parents it keeps the first in byte order, unless it is a merge.
REFERENCES = """
create or replace table drawn_references as
with claims as (
    select
        drawn_edges.child,
        drawn_edges.slot,
        models.kind,
        parent_ids.oid,
        -- the name that the parent has at this snapshot
        case
            when parents.renamed > {snapshot} then parent_ids.old_id else parent_ids.id
        end as parent_id,
        parent_ids.old_id,
        parents.renamed,
        coalesce(parents.is_stable, false) as is_stable,
        edge_bits,
        models.more_bits,
        models.first_seen as child_first_seen,
        -- what was never there, or is known to nobody, gets no tag
        drawn_edges.parent < {n_models} or edge_bits % 2 = 0 as is_resolvable,
        count(*) over (partition by drawn_edges.child) as n_claims
    from drawn_edges
    inner join drawn_models as models on models.idx = drawn_edges.child
    inner join drawn_oids as parent_ids on parent_ids.idx = drawn_edges.parent
    left join drawn_models as parents on parents.idx = drawn_edges.parent
    where
        models.first_seen <= {snapshot}
        and (models.gone > {snapshot} or models.back <= {snapshot})
        and models.declared <= {snapshot}
), habits as (
    select
        *,
        more_bits >> 8 & 1023 < 37 as is_untagged,
        -- then the tags come from the adapter's configuration, or from nowhere to be seen
        n_claims = 1 and is_resolvable and more_bits >> 8 & 1023 >= 37
        and more_bits >> 18 & 1023 < case when kind = 1 then 40 else 4 end as is_undeclared
    from claims
), spoken as (
    select
        *,
        case
            when n_claims = 1 and is_untagged and is_stable and edge_bits >> 4 & 3 < 2
                then lower(parent_id)
            when n_claims = 1 and not is_untagged and is_stable and edge_bits >> 4 & 127 = 0
                then upper(parent_id)
            -- a card keeps the name that the parent had when it was written
            when n_claims = 1 and not is_untagged and renamed = 0 and edge_bits >> 4 & 1 = 0
                then old_id
            when n_claims = 1 and not is_untagged and renamed > 0 and child_first_seen < renamed
                then old_id
            else parent_id
        end as spoken_id
    from habits
)
select
    child,
    any_value(n_claims) as n_claims,
    any_value(is_undeclared) as is_undeclared,
    string_agg('"' || spoken_id || '"', ',' order by slot, parent_id) as declared,
    min(spoken_id) as first_declared,
    case
        when any_value(is_untagged) then null
        when any_value(kind) = 3
            then string_agg('"base_model:' || parent_id || '"', ',' order by parent_id)
                filter (is_resolvable)
        else '"base_model:' || min(parent_id) filter (is_resolvable) || '"'
    end as plain_tags,
    case
        when any_value(is_untagged) then null
        when any_value(kind) = 3
            then string_agg('"base_model:merge:' || parent_id || '"', ',' order by parent_id)
                filter (is_resolvable)
        else '"base_model:' || any_value(kind_names.name) || ':'
            || min(parent_id) filter (is_resolvable) || '"'
    end as typed_tags,
    case
        when any_value(is_untagged) then null
        when any_value(kind) = 3
            then string_agg(
                '{{"_id":"' || oid || '","id":"' || parent_id || '"}}', ',' order by parent_id
            ) filter (is_resolvable)
        else '{{"_id":"' || arg_min(oid, parent_id) filter (is_resolvable) || '","id":"'
            || min(parent_id) filter (is_resolvable) || '"}}'
    end as hub_models
from spoken
inner join (values (0, 'finetune'), (1, 'adapter'), (2, 'quantized'), (3, 'merge'))
    as kind_names(kind, name) using (kind)
group by child;
"""

ITEMS = """
create or replace table {table} as
with everything as (
    select
        models.idx,
        case when models.remade <= {snapshot} then reverse(oids.oid) else oids.oid end as oid,
        case when models.renamed > {snapshot} then oids.old_id else oids.id end as id,
        models.kind,
        models.size,
        case
            when models.remade <= {snapshot} then models.remade_at else models.released
        end as released,
        {last_modified} as last_modified,
        models.bits,
        models.more_bits,
        models.stem_bits,
        models.has_new_head,
        counters.downloads,
        counters.downloads_all_time,
        counters.likes,
        counters.trending_score,
        claims.* exclude (child),
        null::varchar as planted,
        oids.oid as sort_key,
        0 as sort_number
    from drawn_models as models
    inner join drawn_oids as oids using (idx)
    inner join drawn_counters_{snapshot} as counters using (idx)
    left join drawn_references as claims on claims.child = models.idx
    where
        models.first_seen <= {snapshot}
        and (models.gone > {snapshot} or models.back <= {snapshot})
    union all by name
    select oid, id, item as planted, sort_key, sort_number
    from {planted}
), placed as (
    select * , row_number() over (order by sort_key desc, sort_number) - 1 as position
    from everything
)
select
    * exclude (sort_key, sort_number),
    (position // {page_size})::integer as page_number,
    (position % {page_size})::integer as item_number
from placed
order by position;
"""

LIBRARIES = (
    "['transformers', 'transformers', 'transformers', 'diffusers', 'sentence-transformers', 'timm']"
)
TASKS = (
    "['text-generation', 'text-generation', 'text-classification', 'text-to-image', 'fill-mask', "
    "'automatic-speech-recognition', 'feature-extraction', 'reinforcement-learning']"
)
LICENSES = "['apache-2.0', 'apache-2.0', 'mit', 'other', 'openrail', 'cc-by-nc-4.0', 'gemma']"

# The parts of an item in the order of the API. Each is a JSON fragment with its comma, or empty:
# a key that the API would not give is absent.
FRAGMENTS = """
    '{{"_id":"' || oid || '","id":"' || id || '","author":"' || split_part(id, '/', 1) || '"'
    || case
        when hub_models is not null and bits >> 32 & 15 < 14
            then ',"baseModels":{{"relation":"' || kind_name
                || '","models":[' || hub_models || ']}}'
        else ''
    end
    || case when card <> '' then ',"cardData":{{' || card[2:] || '}}' else '' end
    || case when config <> '' then ',"config":{{' || config[2:] || '}}' else '' end
    || ',"createdAt":"' || strftime(make_timestamp(released * 1000000), '%Y-%m-%dT%H:%M:%S.000Z')
    || '","lastModified":"'
    || strftime(make_timestamp(last_modified * 1000000), '%Y-%m-%dT%H:%M:%S.000Z')
    || '","disabled":false,"gated":'
    || case bits >> 36 & 63 when 0 then '"auto"' when 1 then '"manual"' else 'false' end
    || ',"private":false,"downloads":' || downloads || ',"downloadsAllTime":' || downloads_all_time
    || ',"likes":' || likes
    || ',"trendingScore":' || case
        when trending_score = floor(trending_score) then trending_score::bigint::varchar
        else trending_score::varchar
    end
    || case when library is not null then ',"library_name":"' || library || '"' else '' end
    || case when task is not null then ',"pipeline_tag":"' || task || '"' else '' end
    {sha}
    || case
        when is_gguf then ',"gguf":{{"total":' || n_parameters
            || ',"architecture":"' || lower(coalesce(body, 'llama'))
            || '","context_length":32768}}'
        when has_weights and kind = 1 then ',"safetensors":{{"parameters":{{"F32":'
            || n_parameters // 300 || '}},"total":' || n_parameters // 300 || '}}'
        when has_weights and kind = 2 then ',"safetensors":{{"parameters":{{"I32":'
            || n_parameters // 8 || ',"F16":' || n_parameters // 50 || '}},"total":'
            || n_parameters // 8 + n_parameters // 50 || '}}'
        when has_weights then ',"safetensors":{{"parameters":{{"BF16":' || n_parameters
            || '}},"total":' || n_parameters || '}}'
        else ''
    end
    || ',"tags":['
    || concat_ws(
        ',',
        '"' || library || '"',
        case when has_weights and not is_gguf then '"safetensors"' end,
        '"' || task || '"',
        case when kind = 3 and bits >> 42 & 1 = 0 then '"mergekit","merge"' end,
        case when kind = 1 then '"lora"' end,
        {tags}
        -- adapters sometimes have the typed tag alone, a few models the plain tag alone
        case when kind = 1 and more_bits >> 40 & 63 = 0 then null else plain_tags end,
        case when kind = 0 and more_bits >> 40 & 4095 = 1 then null else typed_tags end,
        '"license:' || license || '"',
        '"region:us"'
    )
    || ']}}'
"""

# Fields that weigh and of which marts read a hash at most: only in items of full width.
FULL_CONFIG = """
        || case when kind <> 2 and states_make
            then ',"tokenizer_config":{{"bos_token":"<s>","eos_token":"</s>","pad_token":"</s>",'
            || '"chat_template":"'
            || repeat('{{% for message in messages %}}', 1 + (stem_bits % 12)::int) || '"}}'
            else '' end
"""
FULL_SHA = """|| ',"sha":"' || md5(oid) || md5(id)[:8] || '"'"""
FULL_TAGS = """
        case when bits >> 47 & 3 = 0 then '"generated_from_trainer","trl"' end,
        case when bits >> 49 & 3 = 0 then '"conversational"' end,
        case when bits >> 51 & 3 = 0 then '"dataset:' || split_part(id, '/', 1) || '/corpus"' end,
        case when bits >> 53 & 7 = 0
            then '"arxiv:2' || (2 + bits % 4) || '0' || (1 + bits % 9) || '.'
                || lpad((more_bits % 18000)::varchar, 5, '0') || '"' end,
        case when bits >> 56 & 1 = 0 then '"autotrain_compatible","endpoints_compatible"' end,
        '"en","text-generation-inference","model-index","deploy:azure"',
        case when bits >> 57 & 1 = 0 then '"multilingual","zh","de","fr"' end,
        case when bits >> 58 & 1 = 0 then '"pytorch","tensorboard","onnx","custom_code"' end,
"""

ROWS = """
with described as (
    select
        *,
        -- the place of the task and the library is the family's, as fine-tuning keeps them
        case when stem_bits >> 20 & 7 < 6 then pick({tasks}, stem_bits, 24) end as task,
        case
            when kind = 1 then 'peft'
            when kind = 2 and contains(id, 'GGUF') then 'gguf'
            when stem_bits >> 28 & 7 < 6 then pick({libraries}, stem_bits, 32)
        end as library,
        case
            when more_bits >> 44 & 7 = 0 then pick({licenses}, bits, 20)
            when stem_bits >> 36 & 7 < 4 then pick({licenses}, stem_bits, 40)
        end as license,
        kind = 2 and contains(id, 'GGUF') as is_gguf,
        more_bits >> 47 & 15 < 9 as has_weights,
        family_body(stem_bits) as body,
        (({sizes})[1 + size]::bigint * 1000000 * (1000 + (stem_bits >> 44) % 60::ubigint)::bigint)
        // 1000 as n_parameters,
        (['finetune', 'adapter', 'quantized', 'merge'])[1 + kind] as kind_name
    from {table}
), made as (
    select
        *,
        -- adapters say what they adapt, GGUF files have no configuration
        body is not null and kind <> 1 and not is_gguf
        and (kind = 2 or bits >> 45 & 3 < 3) as states_make
    from described
), carded as (
    select
        *,
        case
            when kind = 1 and first_declared is not null and more_bits >> 30 & 3 < 3
                then ',"peft":{{"base_model_name_or_path":"' || first_declared
                || '","task_type":"CAUSAL_LM"}}'
            else ''
        end
        || case
            when states_make
                then ',"architectures":["' || body || head_of(body, has_new_head)
                || '"],"model_type":"' || lower(body) || '"'
            else ''
        end
        || case
            when kind = 2 and not is_gguf
                then ',"quantization_config":{{"bits":4,"quant_method":"awq"}}'
            else ''
        end
        {config} as config,
        case
            when declared is null and kind < 0 and bits >> 26 & 127 = 0
                then ',"base_model":"' || pick({junk}, more_bits, 12) || '"'
            when declared is null or is_undeclared then ''
            when n_claims > 1 or bits >> 26 & 3 = 0 then ',"base_model":[' || declared || ']'
            else ',"base_model":' || declared
        end
        || case
            when declared is not null and not is_undeclared
                and bits >> 38 & 15 < case when kind = 3 then 6 else 2 end
                then ',"base_model_relation":"' || kind_name || '"'
            else ''
        end
        || case when license is not null then ',"license":"' || license || '"' else '' end
        || case
            when (stem_bits >> 50 & 3) = 0 then ',"language":["en"]'
            when (stem_bits >> 50 & 31) = 1 then ',"language":"zh"'
            else ''
        end as card
    from made
)
select
    oid as hub_oid,
    id as model_id,
    coalesce(planted, {fragments}) as raw_json,
    page_number,
    item_number,
    timestamp '{started_at}' + to_seconds(page_number + 1) as fetched_at
from carded
order by position
"""


class Generator:
    """The drawn ecosystem inside a DuckDB connection, ready to give the items of each snapshot."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ecosystem: Ecosystem):
        """Load the ecosystem; its arrays are not kept."""
        self.connection = connection
        self.n_models = ecosystem.n_models
        self.moments = ecosystem.moments
        of = "counters" if ecosystem.is_lively else "models"
        self.last_modified = f"{of}.last_modified"
        self._load(ecosystem)

    def _load(self, ecosystem: Ecosystem) -> None:
        connection = self.connection
        connection.execute(NAMES)
        self._table("drawn_models", ecosystem.models)
        self._table("drawn_edges", ecosystem.edges)
        for number, counters in enumerate(ecosystem.counters):
            self._table(f"drawn_counters_{number}", counters)
        self._table("drawn_scores", ecosystem.scores)
        statement = IDENTITIES
        for name, value in (
            ("$floor_end", FLOOR + DAY),
            ("$n_models", ecosystem.n_models),
            ("$n_ghosts", ecosystem.n_ghosts),
        ):
            statement = statement.replace(name, str(value))
        connection.execute(statement)
        connection.execute(
            """
            create or replace table drawn_oids as
            select idx, id, old_id, oid_head || printf('%06x', oid_counter) as oid
            from drawn_ids
            """
        )

    def _table(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        self.connection.register("arrays", arrays)
        self.connection.execute(f"create or replace table {name} as from arrays")
        self.connection.unregister("arrays")

    def items(
        self, snapshot: int, planted: Sequence[tuple] = (), *, full_width: bool = False
    ) -> str:
        """Make the items of a snapshot, newest first as the Hub lists them, and return the query.

        `planted` rows (hub_oid, model_id, text of the item, sort key, sort number) are put among
        them in the order of their sort keys, which are `_id`s. Items of full width also carry
        fields that weigh and that hardly a mart reads, for measurements.
        """
        connection, table = self.connection, f"drawn_items_{snapshot}"
        connection.execute(
            """
            create or replace table planted_items as
            select
                unnest($oids::varchar[]) as oid,
                unnest($ids::varchar[]) as id,
                unnest($texts::varchar[]) as item,
                unnest($keys::varchar[]) as sort_key,
                unnest($numbers::integer[]) as sort_number
            """,
            dict(
                zip(
                    ("oids", "ids", "texts", "keys", "numbers"),
                    ([row[column] for row in planted] for column in range(5)),
                    strict=True,
                )
            ),
        )
        connection.execute(REFERENCES.format(snapshot=snapshot, n_models=self.n_models))
        connection.execute(
            ITEMS.format(
                table=table,
                planted="planted_items",
                snapshot=snapshot,
                page_size=PAGE_SIZE,
                last_modified=self.last_modified,
            )
        )
        fragments = FRAGMENTS.format(
            sha=FULL_SHA if full_width else "",
            tags=FULL_TAGS if full_width else "",
        )
        return ROWS.format(
            table=table,
            fragments=fragments,
            config=FULL_CONFIG.format() if full_width else "",
            tasks=TASKS,
            libraries=LIBRARIES,
            licenses=LICENSES,
            junk=[*JUNK],
            sizes=[*SIZES_IN_MILLIONS],
            started_at=self.moments[snapshot].replace(tzinfo=None).isoformat(" "),
        )

    def scores(self) -> str:
        """A query for the drawn benchmark scores, in the columns of a landed table.

        Leaderboards do not follow renames: a model stands there under its first name.
        """
        boards, names = ([row[column] for row in BENCHMARKS] for column in (0, 1))
        return f"""
            select
                case when models.renamed >= 0 then ids.old_id else ids.id end as model_id,
                {names}[drawn_scores.benchmark + 1] as benchmark,
                drawn_scores.score,
                make_timestamp(drawn_scores.measured * 1000000) as measured_at,
                {boards}[drawn_scores.benchmark + 1] as source
            from drawn_scores
            inner join drawn_models as models using (idx)
            inner join drawn_ids as ids using (idx)
        """

    def owners(self) -> str:
        """A query for what a made-up table knows of drawn owners, in the columns of a landed table.

        Two owners in five stand in it. What it says is a function of the name, so that nothing
        else is drawn differently.
        """
        return """
            with named as (select distinct split_part(id, '/', 1) as owner from drawn_ids),
            numbered as (
                select owner, ('0x' || md5(owner)[:8])::bigint as number from named
                where owner <> ''
            )
            select
                owner,
                (['company', 'university', 'community', 'person'])[1 + number % 4] as kind,
                (['us', 'China', 'eu', 'fr', 'other', 'unknown'])[1 + number // 4 % 6] as country,
                null::varchar as parent_organisation,
                'sample' as source
            from numbered
            where number // 24 % 5 < 2
        """

    def edges(self, snapshot: int) -> str:
        """A query for the lineage that was drawn: child_id and parent_id at a snapshot.

        Self references are not edges. References by an old name or in another case count under
        the parent's name at the snapshot.
        """
        return f"""
            select distinct
                case
                    when children.renamed > {snapshot} then child_ids.old_id else child_ids.id
                end as child_id,
                case
                    when parents.renamed > {snapshot} then parent_ids.old_id else parent_ids.id
                end as parent_id
            from drawn_edges
            inner join drawn_models as children on children.idx = drawn_edges.child
            left join drawn_models as parents on parents.idx = drawn_edges.parent
            inner join drawn_ids as child_ids on child_ids.idx = drawn_edges.child
            inner join drawn_ids as parent_ids on parent_ids.idx = drawn_edges.parent
            where
                drawn_edges.child <> drawn_edges.parent
                and children.first_seen <= {snapshot}
                and (children.gone > {snapshot} or children.back <= {snapshot})
                and children.declared <= {snapshot}
            order by all
        """

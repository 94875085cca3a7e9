"""Worlds with known truth are what they say: orders, crowds, tails, moments."""

import numpy as np
import pandas as pd
import pytest

from analysis.studies.null_worlds.worlds import (
    Design,
    World,
    draw_entrants,
    draw_likes,
    draw_lineage,
    earliness,
    entries_in_month,
)
from hub_lineage.errors import StudyError

SMALL = Design(n_bases=40, largest=60)


def flat(n_cells: int, n_in_cell: int) -> pd.DataFrame:
    """Entrants of one age, `n_in_cell` in each of `n_cells` bases and months."""
    cell = np.repeat(np.arange(n_cells), n_in_cell)
    age = np.full(len(cell), 60.0)
    return pd.DataFrame({"parent_id": cell, "base_month": cell, "age_days": age})


# who enters when


def test_rank_crowd_and_lead_are_counts_of_entrants_of_the_same_base():
    entrants = draw_entrants(SMALL, 1)
    day = SMALL.n_days - entrants["age_days"]
    for _, one in entrants.iterrows():
        gap = day - (SMALL.n_days - one["age_days"])
        siblings = entrants["parent_id"] == one["parent_id"]
        rivals = siblings & (entrants["owner"] != one["owner"])
        assert one["release_event_rank"] == 1 + (siblings & (gap < 0)).sum()
        assert np.expm1(one["log_crowd_30"]) == pytest.approx(
            (rivals & (gap < 0) & (gap >= -30)).sum()
        )
        assert np.expm1(one["log_crowd_30_all_owners"]) == pytest.approx(
            (siblings & (gap < 0) & (gap >= -30)).sum()
        )
        assert np.expm1(one["log_lead_30"]) == pytest.approx(
            (rivals & (gap > 0) & (gap <= 30)).sum()
        )


def test_entrants_come_after_their_base_and_are_thirty_days_old_at_least():
    entrants = draw_entrants(Design(hot=0.5), 2)
    assert entrants["age_days"].min() >= 30
    assert entrants["age_days"].max() <= 540


def test_families_have_heavy_tails():
    sizes = draw_entrants(Design(n_bases=4000, largest=2000), 3)["parent_id"].value_counts()
    # P(one entrant) = 1 - 2 ** -0.9 = 0.464; the largest hundredth holds most entrants.
    assert (sizes == 1).mean() == pytest.approx(0.464, abs=0.03)
    assert sizes.iloc[:40].sum() / sizes.sum() > 0.5


def test_a_hot_month_gathers_entrants():
    def crowded(hot: float) -> float:
        return draw_entrants(Design(hot=hot), 4)["log_crowd_30"].mean()

    assert crowded(0.6) > crowded(0.0) + 0.2


def test_a_prolific_owner_brings_its_share():
    entrants = draw_entrants(Design(prolific=0.3), 4)
    shares = entrants["owner"].value_counts(normalize=True)
    assert shares.iloc[0] == pytest.approx(0.3, abs=0.03)
    assert shares.iloc[1] < 0.1


def test_a_seed_gives_the_same_entrants_and_another_seed_others():
    pd.testing.assert_frame_equal(draw_entrants(SMALL, 5), draw_entrants(SMALL, 5))
    assert not draw_entrants(SMALL, 5)["log_age"].equals(draw_entrants(SMALL, 6)["log_age"])


# what they are liked


@pytest.mark.parametrize("dispersion", [0.0, 0.5, 3.0])
def test_counts_scatter_as_the_dispersion_says(dispersion):
    entrants = flat(1, 200_000)
    world = World("scatter", dispersion=dispersion)
    likes = draw_likes(entrants, np.full(len(entrants), 4.0), world, np.random.default_rng(1))
    assert likes.mean() == pytest.approx(4.0, rel=0.02)
    assert likes.var() == pytest.approx(4.0 + dispersion * 16.0, rel=0.05)


def test_shocks_are_shared_within_base_and_month_and_average_to_one():
    entrants = flat(20_000, 2)
    world = World("shocks", shocks=0.6, dispersion=0.0)
    likes = draw_likes(entrants, np.full(len(entrants), 5.0), world, np.random.default_rng(2))
    first, second = likes[0::2], likes[1::2]
    assert likes.mean() == pytest.approx(5.0, rel=0.02)
    # Poisson noise is each one's own: what two share is the variance of the log-normal factor.
    assert np.cov(first, second)[0, 1] == pytest.approx(25 * np.expm1(0.36), rel=0.1)


def test_hidden_quality_correlates_with_earliness_as_planted():
    age = np.tile(np.arange(100.0, 300.0), 200)
    base = np.repeat(np.arange(200), 200)
    entrants = pd.DataFrame({"parent_id": base, "base_month": base, "age_days": age})
    world = World("selection", selection=0.5, quality=0.3, dispersion=0.0)
    likes = draw_likes(entrants, np.full(len(age), 1e6), world, np.random.default_rng(3))
    quality = np.log(likes / 1e6)
    assert np.corrcoef(quality, age)[0, 1] == pytest.approx(0.5, abs=0.03)
    assert quality.std() == pytest.approx(0.3, rel=0.03)
    assert likes.mean() == pytest.approx(1e6, rel=0.02)


def test_planted_elasticities_multiply_the_mean():
    entrants = draw_entrants(SMALL, 7)
    world = World(
        "all", -0.2, 0.1, exposure=0.4, hype=0.7, prolific=-0.3, decay=0.8, dispersion=0.0
    )
    mean = np.full(len(entrants), 1e9)
    likes = draw_likes(entrants, mean, world, np.random.default_rng(4))
    months = entrants["age_days"] / 30
    entries = entrants.groupby("base_month")["child_id"].transform("size")
    hot = np.log(entries) - np.log(entries).groupby(entrants["parent_id"]).transform("mean")
    expected = (
        entrants["release_event_rank"] ** -0.2
        * np.exp(entrants["log_crowd_30"]) ** 0.1
        * months**0.4
        * (1 + months) ** -0.8
        * np.exp(0.7 * hot)
        * entrants.groupby("owner")["child_id"].transform("size") ** -0.3
    )
    np.testing.assert_allclose(likes / 1e9, expected, rtol=2e-3)
    assert (world.truth("log_rank"), world.truth("log_crowd_30"), world.truth("log_age")) == (
        -0.2, 0.1, 0.0,
    )  # fmt: skip


def test_nothing_is_liked_where_the_mean_is_zero():
    entrants = flat(3, 2)
    likes = draw_likes(entrants, np.zeros(6), World("none", shocks=1.0), np.random.default_rng(5))
    assert (likes == 0).all()


def test_entries_and_earliness_are_measured_within_the_base():
    entrants = pd.DataFrame(
        {
            "parent_id": ["a", "a", "a", "b"],
            "base_month": ["a1", "a1", "a2", "b1"],
            "age_days": [90.0, 80.0, 40.0, 70.0],
        }
    )
    log2 = np.log(2)
    np.testing.assert_allclose(
        entries_in_month(entrants), [log2 / 3, log2 / 3, -2 * log2 / 3, 0], atol=1e-15
    )
    scores = earliness(entrants)
    np.testing.assert_allclose(scores, [0.967, 0, -0.967, 0], atol=1e-3)


# lineages


def test_lineages_grow_backwards_in_time_without_doubles():
    models, edges = draw_lineage(3000, 1, grandparents=0.5, merges=0.2)
    created = models["created_us"].to_numpy()
    assert (created[edges["parent_key"]] <= created[edges["child_key"]]).all()
    assert (edges["parent_key"] < edges["child_key"]).all()
    assert not edges.duplicated().any()


def test_attachment_is_preferential():
    _, edges = draw_lineage(30_000, 2, merges=0.0)
    takers = edges["parent_key"].value_counts()
    # Attachment at random alone would give the first model about log(30,000) takers.
    assert takers.iloc[0] > 300
    assert takers.iloc[: len(takers) // 100].sum() > 0.3 * takers.sum()


def test_grandparents_are_named_beside_the_parent():
    _, edges = draw_lineage(5000, 3, grandparents=1.0, merges=0.0)
    parents = edges.groupby("child_key")["parent_key"].agg(set).to_dict()
    for own in parents.values():
        nearest = max(own)
        above = parents.get(nearest, set())
        assert own - {nearest} <= above
        assert len(own) == (2 if above else 1)


def test_leaves_are_taken_from_less_where_asked_and_alike_otherwise():
    def takers_of_leaves(reuse: float) -> float:
        models, edges = draw_lineage(20_000, 4, reuse_of_leaves=reuse)
        kind = models["relation"].to_numpy()[edges["parent_key"]]
        return np.isin(kind, ("adapter", "quantized")).mean()

    # Roots may be of any kind and keep their takers, hence no closer to one half, or to zero.
    assert 0.3 < takers_of_leaves(1.0) < 0.7
    assert takers_of_leaves(0.0) < takers_of_leaves(1.0) - 0.02


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Design(n_bases=0), "one base"),
        (lambda: Design(tail=0.0), "above 0"),
        (lambda: Design(hot=1.5), "hot is 1.5"),
        (lambda: Design(prolific=-0.5), "prolific is -0.5"),
        (lambda: Design(n_days=60), "n_days is 60"),
        (lambda: World("w", selection=2.0), "selection is 2.0"),
        (lambda: World("w", dispersion=-1.0), "dispersion is -1.0"),
        (lambda: World("w", shocks=float("nan")), "shocks is nan"),
        (lambda: draw_lineage(1, 0), "two models"),
        (lambda: draw_lineage(10, 0, grandparents=2.0), "shares from 0 to 1"),
    ],
)
def test_arguments_without_meaning_are_refused_in_one_line(make, says):
    with pytest.raises(StudyError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)

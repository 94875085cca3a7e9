"""Worlds without effect: which specifications find nothing there, and which find an artefact.

The artefacts are tested too. That base fixed effects without age fail in a world of exposure alone
is the reason why age is in every headline; should it ever pass, the warning is wrong.
"""

import argparse
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis.studies.estimation import effective_clusters, fit
from analysis.studies.estimation.equations import Equation
from analysis.studies.null_worlds import calibrating, calibration_command
from analysis.studies.null_worlds.arithmetic import in_degree_by_arithmetic
from analysis.studies.null_worlds.calibrating import (
    COLUMNS,
    CalibrationError,
    NullModel,
    Scenario,
    Subject,
    calibrate,
    evaluate,
    generator,
    null_model,
    redrawn_likes,
    rewired_outcomes,
    tossed_outcomes,
    why_not,
)
from analysis.studies.null_worlds.rewiring import Counter, drawn, read_lineage
from analysis.studies.null_worlds.worlds import (
    Design,
    World,
    draw_entrants,
    draw_likes,
    draw_lineage,
)
from analysis.studies.specifications import Specification
from hub_lineage.errors import StudyError

TERMS = ("log_rank", "log_crowd_30")
N_DRAWS = 60


def equation(*fixed_effects: str, controls: tuple[str, ...] = ("log_age",)) -> Equation:
    """Likes on order and crowding; a Poisson, errors clustered by base."""
    return Equation(
        "likes",
        (*TERMS, *controls),
        fixed_effects=fixed_effects,
        estimator="poisson",
        clusters=("parent_id",),
    )


EQUATIONS = {
    "pooled": equation(controls=()),
    "base, no age": equation("parent_id", controls=()),
    "base": equation("parent_id"),
    "base and month": equation("parent_id", "month"),
    "base x month": equation("base_month"),
    "base, month and owner": equation("parent_id", "month", "owner"),
    "base and month, lead": equation("parent_id", "month", controls=("log_age", "log_lead_30")),
}


def drawn_scenario(world: World, design: Design, names: tuple[str, ...]) -> Scenario:
    """A new design and new likes in each draw."""

    def frames(draw: int) -> dict[str, pd.DataFrame]:
        entrants = draw_entrants(design, draw)
        likes = draw_likes(
            entrants, entrants["base_mean"].to_numpy(), world, np.random.default_rng([1, draw])
        )
        return dict.fromkeys(names, entrants.assign(likes=likes))

    return Scenario(world.name, world.truth, frames)


def found_in(
    world: World,
    names: tuple[str, ...],
    design: Design = Design(n_bases=300),  # noqa: B008 (frozen)
    terms: tuple[str, ...] = TERMS,
) -> pd.DataFrame:
    """What the named equations find in 60 draws of a world; one row per name and term."""
    scenario = drawn_scenario(world, design, names)
    frames = scenario.frames(10_000)
    subjects = [
        Subject(name, EQUATIONS[name], terms if "lead" in name else TERMS, frames[name])
        for name in names
    ]
    rows = pd.DataFrame(evaluate(subjects, scenario, N_DRAWS, n_workers=2))
    assert (rows["n_failed"] == 0).all()
    return rows.set_index(["specification_id", "term"])


def is_centred(rows: pd.DataFrame) -> pd.Series:
    """Whether the mean estimate is within three Monte Carlo errors of the truth."""
    return rows["bias"].abs() < 3 * rows["bias_error"]


# the table of worlds (the size of the test is looked at below)


def test_exposure_alone_is_an_effect_of_rank_unless_age_is_held_fixed():
    names = ("pooled", "base, no age", "base", "base and month", "base x month")
    rows = found_in(World("exposure", exposure=0.3), names, Design())
    for name in ("base", "base and month", "base x month"):
        assert is_centred(rows.loc[name]).all(), name
        assert (rows.loc[name, "rejection_rate"] < 0.4).all(), name
    # The null check must fail here: this is what the warning beside RR4.without_age says.
    without_age = rows.loc["base, no age"]
    assert not is_centred(without_age).any()
    assert (without_age["rejection_rate"] > 0.5).all()
    assert without_age.loc["log_rank", "mean_estimate"] < -0.05
    assert without_age.loc["log_crowd_30", "mean_estimate"] > 0.05
    # And pooled, crowding has the wrong sign: large bases are popular.
    assert rows.loc[("pooled", "log_crowd_30"), "mean_estimate"] > 0.15


def test_hype_fools_base_and_month_effects_but_not_base_by_month_and_leads_see_it():
    rows = found_in(
        World("hype", exposure=0.3, hype=0.7),
        ("base and month", "base x month", "base and month, lead"),
        Design(n_bases=300, hot=0.3),
        (*TERMS, "log_lead_30"),
    )
    assert not is_centred(rows.loc["base and month"]).any()
    assert rows.loc[("base and month", "log_rank"), "mean_estimate"] < -0.1
    assert rows.loc[("base and month", "log_crowd_30"), "mean_estimate"] > 0.1
    assert is_centred(rows.loc["base x month"]).all()
    assert rows.loc[("base and month, lead", "log_lead_30"), "mean_estimate"] > 0.1


def test_owners_of_many_entrants_make_an_effect_of_crowding_by_others():
    """Who brings a crowd has few rivals of other owners: where such owners are liked less, base and
    month fixed effects see rank and crowding, until the owner is held fixed too."""
    rows = found_in(
        World("prolific", exposure=0.3, prolific=-0.3),
        ("base and month", "base x month", "base, month and owner"),
        Design(n_bases=300, prolific=0.3),
    )
    for name in ("base and month", "base x month"):
        assert rows.loc[(name, "log_rank"), "mean_estimate"] < -0.2
        assert rows.loc[(name, "log_crowd_30"), "mean_estimate"] > 0.2
        assert (rows.loc[name, "rejection_rate"] > 0.8).all()
    assert is_centred(rows.loc["base, month and owner"]).all()


def test_early_better_entrants_look_like_an_effect_of_rank_whatever_the_fixed_effects():
    rows = found_in(
        World("selection", exposure=0.3, selection=0.5, quality=0.8),
        ("base and month", "base x month"),
    )
    assert rows.loc[("base and month", "log_rank"), "mean_estimate"] < -0.1
    assert not is_centred(rows.loc["base and month"])["log_rank"]
    assert rows.loc[("base x month", "log_rank"), "mean_estimate"] < 0


def test_planted_effects_are_found():
    rows = found_in(
        World("planted", -0.15, -0.10, exposure=0.3),
        ("base and month", "base x month"),
        Design(),
    )
    assert rows.loc["base and month", "truth"].tolist() == [-0.15, -0.10]
    assert is_centred(rows).all()
    assert rows.loc[("base and month", "log_rank"), "rejection_rate"] > 0.3


def test_a_flow_of_attention_that_decays_is_an_artefact_without_age():
    rows = found_in(World("decay", decay=0.8), ("base, no age", "base and month"))
    assert rows.loc[("base, no age", "log_rank"), "mean_estimate"] > 0.15
    assert (rows.loc["base and month", "mean_estimate"].abs() < 0.08).all()


@pytest.mark.slow
def test_the_jackknife_covers_where_clustered_intervals_do_not():
    """Shocks per base and month in families so unequal that their likes are worth ten clusters."""
    design = Design(n_bases=200, tail=0.7, largest=150, popularity=0.7, n_days=300)
    world = World("stress", exposure=0.3, shocks=1.0)
    scenario = drawn_scenario(world, design, ("base and month",))
    frame = scenario.frames(10_000)["base and month"]
    subject = Subject("base and month", EQUATIONS["base and month"], TERMS, frame, jackknife=True)
    rows = pd.DataFrame(
        evaluate([subject], scenario, N_DRAWS, N_DRAWS, jackknife_groups=(15, 15), n_workers=2)
    )
    assert (rows["n_draws_jackknife"] == N_DRAWS).all()
    assert (rows["coverage_jackknife"] >= 0.90).all()
    assert (rows["coverage_clustered"] < 0.88).all()
    assert (rows["coverage_jackknife"] > rows["coverage_clustered"] + 0.05).all()
    assert effective_clusters(frame.groupby("parent_id")["likes"].sum().to_numpy()) < 10


# the null model on given rows


def specification(name: str, **changes) -> Specification:
    fields = {
        "row": name,
        "study": "racing",
        "role": "headline",
        "title": "",
        "question": "",
        "view": "entrants",
        "sample": "true",
        "outcome": "likes",
        "estimator": "poisson",
        "interest": dict.fromkeys(TERMS, -1),
        "controls": ("log_size", "log_age"),
        "factors": ("relation",),
        "fixed_effects": ("parent_id", "month"),
        "clusters": ("parent_id",),
    }
    return Specification(specification_id=name, **(fields | changes))


NULL = specification("RR4")


def entrants_with_likes(seed: int, dispersion: float = 1.0, n_bases: int = 300) -> pd.DataFrame:
    """A design whose likes depend on order, so that null and real differ."""
    entrants = draw_entrants(Design(n_bases=n_bases), seed)
    world = World("real", rank=-0.3, exposure=0.5, dispersion=dispersion)
    rng = np.random.default_rng(seed)
    likes = draw_likes(entrants, entrants["base_mean"].to_numpy(), world, rng)
    return entrants.assign(likes=likes, log_likes=np.log1p(likes))


def test_the_null_model_keeps_the_likes_of_every_base_and_month():
    design = entrants_with_likes(1)
    model = null_model(design, NULL)
    for name in ("parent_id", "month"):
        # The score equations of a Poisson with fixed effects; else each row is its mean.
        sums = pd.DataFrame({"mean": model.mean, "likes": design["likes"]}).groupby(design[name])
        np.testing.assert_allclose(sums["mean"].sum(), sums["likes"].sum(), rtol=1e-6, atol=1e-4)
    # What the terms of interest do is not in it.
    within = design.groupby("parent_id")["log_rank"].transform(lambda rank: rank - rank.mean())
    assert np.corrcoef(within, design["likes"] - model.mean)[0, 1] < -0.01


@pytest.mark.parametrize(
    ("dispersion", "likes"),
    [(0.0, 0.3), (0.0, 3.0), (2.0, 0.3), (2.0, 3.0)],
)
def test_over_dispersion_is_measured_in_large_families(dispersion, likes):
    design = draw_entrants(Design(n_bases=120, tail=0.1, likes=likes, popularity=0.0), 2)
    mean = design["base_mean"].groupby(design["parent_id"]).transform("mean").to_numpy()
    world = World("real", dispersion=dispersion)
    design["likes"] = draw_likes(design, mean, world, np.random.default_rng(3))
    assert null_model(design, NULL).over_dispersion == pytest.approx(dispersion, abs=0.2)


def redrawn(world: str, n_draws: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Entrants with a known mean, and their likes in many draws; (n_draws, entrants)."""
    design = draw_entrants(Design(n_bases=20, largest=30, hot=0.5), 8)
    model = NullModel(design, np.full(len(design), 20.0), 0.5)
    subject = Subject("RR4", NULL.equation, TERMS, design, positions=np.arange(len(design)))
    scenario = redrawn_likes(model, [subject], world, seed=1)
    return design, np.array([
        scenario.frames(draw)["RR4"]["likes"] for draw in range(n_draws)
    ])  # fmt: skip


def test_without_effect_everybody_keeps_its_own_mean_and_the_scatter_of_the_real_likes():
    _, likes = redrawn("no_effect")
    assert likes.mean() == pytest.approx(20, rel=0.02)
    assert likes.var(axis=0).mean() == pytest.approx(20 + 0.5 * 400, rel=0.1)


def test_shocks_leave_the_mean_and_are_shared_in_the_month():
    design, likes = redrawn("base_month_shocks", 3000)
    assert likes.mean() == pytest.approx(20, rel=0.03)
    assert likes.var(axis=0).mean() == pytest.approx(20 + 400 * (1.5 * np.exp(0.36) - 1), rel=0.15)
    cell = design["base_month"].to_numpy()
    covariance = np.cov(likes.T)
    same = (cell[:, None] == cell) & ~np.eye(len(cell), dtype=bool)
    assert covariance[same].mean() == pytest.approx(400 * np.expm1(0.36), rel=0.15)
    assert abs(covariance[cell[:, None] != cell].mean()) < 5


def test_exposure_shares_out_the_likes_of_a_base_by_time_online():
    design, likes = redrawn("exposure_only")
    age = design["age_days"]
    base = design["parent_id"]
    expected = 20 * age / age.groupby(base).transform("mean")
    assert expected.max() / expected.min() > 2
    np.testing.assert_allclose(likes.mean(axis=0), expected, rtol=0.2)


def test_likes_that_are_unknown_stay_unknown():
    design = draw_entrants(Design(n_bases=20), 8)
    mean = np.where(np.arange(len(design)) == 3, np.nan, 5.0)
    subject = Subject("RR4", NULL.equation, TERMS, design, positions=np.arange(len(design)))
    scenario = redrawn_likes(NullModel(design, mean, 1.0), [subject], "hype", 1)
    assert np.flatnonzero(scenario.frames(0)["RR4"]["likes"].isna()).tolist() == [3]


# disruption


def focals(n_families: int = 2000) -> pd.DataFrame:
    """Six focals of each family in two quarters, one family as common as its outcome."""
    rng = np.random.default_rng(5)
    family = np.repeat(np.arange(n_families), 6)
    quarter = np.tile([0, 1], n_families * 3)
    follows = rng.random(len(family)) < np.sqrt(0.4)
    uniform = np.where(follows, rng.random(n_families)[family], rng.random(len(family)))
    return pd.DataFrame({
        "root_id": family,
        "quarter": np.where(quarter == 0, "2025-Q1", "2025-Q2"),
        "is_disruptive": (uniform < np.where(quarter == 0, 0.2, 0.6)).astype(float),
        "log_size": rng.normal(size=len(family)),
    })  # fmt: skip


@pytest.mark.parametrize(("world", "correlation"), [("no_effect", 0.0), ("family_shocks", 0.4)])
def test_tosses_keep_the_quarters_means_and_correlate_in_families_as_the_real_outcomes_do(
    world, correlation
):
    frame = focals()
    subject = Subject("DM2", Equation("is_disruptive", ("log_size",)), ("log_size",), frame)
    scenario = tossed_outcomes([subject], world, seed=1)
    drawn = scenario.frames(0)["DM2"]
    assert not drawn["is_disruptive"].equals(frame["is_disruptive"])
    means = drawn.groupby("quarter")["is_disruptive"].mean()
    assert means.tolist() == pytest.approx([0.2, 0.6], abs=0.03)
    # Two focals of one family and quarter, so that their means are equal.
    by_family = drawn.groupby(["root_id", "quarter"])["is_disruptive"]
    first, second = by_family.nth(0).to_numpy(), by_family.nth(1).to_numpy()
    first, second = first - np.tile(means, 2000), second - np.tile(means, 2000)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(correlation, abs=0.06)


def test_in_degree_is_arithmetic_where_size_and_kind_do_nothing():
    table = in_degree_by_arithmetic(n_models=12_000, seed=1)
    z = table.set_index(["lineage", "sample", "has_in_degree", "term"])["z"]
    for lineage in ("direct", "with_grandparents"):
        assert z[lineage, "eligible", True, "log_in_degree"] > 10
        assert abs(z[lineage, "built_upon", True, "log_in_degree"]) < 5
        for sample in ("eligible", "built_upon"):
            for term in ("log_size", "is_finetune"):
                assert abs(z[lineage, sample, False, term]) < 3.5
    # Kind does nothing but attract takers, and looks disruptive until only those with takers count.
    assert z["leaves_reused_less", "eligible", False, "is_finetune"] > 5
    assert abs(z["leaves_reused_less", "built_upon", False, "is_finetune"]) < 3.5


# what the draws add up to


def rows_from(estimates: list[float], errors: float, truth: float, real: float) -> dict:
    """The summary of draws whose estimates and errors are given, through a real fit of a mean."""
    found = [
        {
            "estimate": one,
            "low": one - 2 * errors,
            "high": one + 2 * errors,
            "p_value": 0.01 if abs(one) > 2 * errors else 0.5,
        }
        for one in estimates
    ]
    return calibrating._summary(truth, found, found[:2], real)


def test_bias_size_coverage_and_the_place_of_the_real_estimate():
    row = rows_from([0.1, 0.2, 0.3, 0.4], 0.12, truth=0.1, real=0.45)
    assert row["mean_estimate"] == pytest.approx(0.25)
    assert row["bias"] == pytest.approx(0.15)
    assert row["deviation"] == pytest.approx(np.std([1, 2, 3, 4], ddof=1) / 10)
    assert row["bias_error"] == pytest.approx(row["deviation"] / 2)
    assert row["rejection_rate"] == 0.5
    # Wilson (1927) for 2 of 4.
    assert (row["rejection_low"], row["rejection_high"]) == pytest.approx((0.150, 0.850), abs=1e-3)
    assert row["coverage_clustered"] == 0.75
    assert row["coverage_jackknife"] == 1.0
    assert row["n_draws_jackknife"] == 2
    assert row["share_below_real"] == 1.0
    assert row["p_against_null"] == pytest.approx(1 / 5)
    assert rows_from([0.1, 0.2, 0.3, 0.4], 0.12, 0.1, real=0.3)["p_against_null"] == 1.0


def test_draws_without_an_estimate_are_counted_and_leave_nulls():
    frame = draw_entrants(Design(n_bases=20), 1).assign(likes=0)
    scenario = Scenario("nothing", lambda term: 0.0, lambda draw: {"RR4": frame})
    rows = evaluate([Subject("RR4", EQUATIONS["base"], TERMS, frame)], scenario, 3)
    assert [row["n_failed"] for row in rows] == [3, 3]
    assert [row["n_draws"] for row in rows] == [0, 0]
    assert rows[0]["rejection_rate"] is None
    assert rows[0]["real_estimate"] is None


def test_a_draw_is_a_function_of_seed_world_and_number_alone():
    assert generator(1, "hype", 2).random() == generator(1, "hype", 2).random()
    others = [(1, "hype", 3), (1, "exposure_only", 2), (2, "hype", 2)]
    assert len({generator(*one).random() for one in [(1, "hype", 2), *others]}) == 4


# the whole, on views like those of the exports


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """`entrants` and `focals` of drawn worlds, with the marts that rewiring reads."""
    made = duckdb.connect()
    entrants = entrants_with_likes(4, n_bases=120)
    entrants["base_month"] = entrants["base_month"].astype(str)
    models, edges = draw_lineage(1500, 6, grandparents=0.3)
    names = "m" + models["node_key"].astype(str)
    models = models.assign(
        model_id=names, created_at=pd.to_datetime(models["created_us"], unit="us")
    )
    edges = pd.DataFrame({
        "child_id": names[edges["child_key"]].to_numpy(),
        "parent_id": names[edges["parent_key"]].to_numpy(),
        "child_created_at": models["created_at"].to_numpy()[edges["child_key"]],
        "parent_created_at": models["created_at"].to_numpy()[edges["parent_key"]],
        "is_parent_listed": True,
    })  # fmt: skip
    for name, frame in {"entrants": entrants, "models": models, "lineage_edges": edges}.items():
        made.register("frame", frame)
        made.execute(f"create table {name} as from frame")
    made.execute(
        "create view hub_models as select model_id, false as is_created_at_floor from models"
    )
    made.execute("""
        create view focals as
        with takers as (
            select parent_id as model_id, count(*) as n_takers from lineage_edges
            where child_created_at <= parent_created_at + interval 90 day group by parent_id
        ),
        parents as (
            select child_id as model_id, min(parent_id) as root_id from lineage_edges group by all
        )
        select
            model_id, root_id, log_size, cast(relation = 'finetune' as integer) as is_finetune,
            'Q' || quarter(created_at) as quarter,
            coalesce(n_takers, 0) as n_i, 0 as n_j, 5 as n_k, coalesce(n_takers, 0) as n_takers,
            coalesce(n_takers, 0) / (coalesce(n_takers, 0) + 5) as mdi,
            (mdi + 1) / 2 as mdi_share,
            cast(n_i > 0 as integer) as is_disruptive, 0 as is_consolidative,
            cast(n_i > 0 as integer) as has_takers, ln(1 + n_i) as log_in_degree
        from models inner join parents using (model_id) left join takers using (model_id)
        where created_at < timestamp '1971-09-01'
    """)
    return made


DM1 = specification(
    "DM1",
    study="disruption",
    view="focals",
    outcome="is_disruptive",
    estimator="ols",
    interest={"log_in_degree": 1, "is_finetune": 1},
    controls=("log_size",),
    factors=("quarter",),
    fixed_effects=(),
    clusters=("root_id",),
)
RACING = [
    NULL,
    specification("RR3", outcome="log_likes", estimator="ols"),
    specification("RR5", fixed_effects=("base_month",), jackknife=True),
]


@pytest.fixture(scope="module")
def calibration(connection) -> pd.DataFrame:
    return calibrate(
        connection, [*RACING, DM1], NULL, n_draws=4, n_jackknife=1, seed=3, jackknife_groups=(5, 5)
    )


def test_every_world_specification_and_term_has_one_row(calibration):
    assert list(calibration.columns) == list(COLUMNS)
    keys = calibration[["world", "specification_id", "term"]]
    assert not keys.duplicated().any()
    worlds = calibration.groupby("specification_id")["world"].unique()
    assert set(worlds["RR5"]) == set(calibrating.RACING_WORLDS)
    assert set(worlds["DM1"]) == set(calibrating.DISRUPTION_WORLDS)
    assert (calibration["n_draws"] + calibration["n_failed"] == 4).all()
    assert (calibration["truth"] == 0).all()
    jackknifed = calibration["n_draws_jackknife"] > 0
    assert (jackknifed == (calibration["specification_id"] == "RR5")).all()


def test_beside_the_draws_stands_the_estimate_on_the_rows_as_they_are(connection, calibration):
    for one in (*RACING, DM1):
        fitted = fit(connection.execute(one.sql()).df(), one.equation)
        rows = calibration[calibration["specification_id"] == one.specification_id]
        for term in one.interest:
            real = rows.loc[rows["term"] == term, "real_estimate"]
            np.testing.assert_allclose(real, fitted.row(term)["estimate"], rtol=1e-6)


def test_in_degree_is_as_strong_in_rewired_lineages(calibration):
    rows = calibration.set_index(["world", "specification_id", "term"])
    assert rows.loc[("rewired", "DM1", "log_in_degree"), "mean_estimate"] > 0.3
    assert rows.loc[("rewired", "DM1", "log_in_degree"), "rejection_rate"] == 1.0
    assert abs(rows.loc[("no_effect", "DM1", "log_in_degree"), "mean_estimate"]) < 0.1


def test_everything_that_follows_from_the_index_is_drawn_with_it(connection):
    columns = ("mdi", "mdi_share", "n_takers", "n_i", "n_j", "n_k")
    flags = ("is_disruptive", "is_consolidative", "log_in_degree")
    asking = replace(DM1, outcome="has_takers", interest=dict.fromkeys(columns), controls=flags)
    rows = rewired_outcomes(connection, [asking], seed=1).frames(2)["DM1"].set_index("model_id")
    counted = drawn(Counter(read_lineage(connection)), 2, seed=1).set_index("model_id")
    counted = counted.loc[rows.index]
    takers = counted["n_i"] + counted["n_j"]
    expected = {
        "n_i": counted["n_i"],
        "n_j": counted["n_j"],
        "n_k": counted["n_k"],
        "n_takers": takers,
        "mdi": counted["mdi"],
        "mdi_share": (counted["mdi"] + 1) / 2,
        "has_takers": takers > 0,
        "log_in_degree": np.log1p(takers),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(rows[name], values, err_msg=name)
    known = counted["mdi"].notna()
    assert ((counted["mdi"] > 0) == (rows["is_disruptive"] == 1))[known].all()
    assert ((counted["mdi"] < 0) == (rows["is_consolidative"] == 1))[known].all()
    assert rows.loc[~known, "is_disruptive"].isna().all()
    assert (~known).any()


def test_the_same_seed_gives_the_same_rows_whatever_the_workers_and_the_other_worlds(
    connection, calibration
):
    again = calibrate(
        connection, [RACING[1], DM1], NULL,
        worlds=("hype", "rewired"), n_draws=4, n_jackknife=0, seed=3, n_workers=3,
    )  # fmt: skip
    keys = ["world", "specification_id", "term"]
    both = again.merge(calibration, on=keys, suffixes=("", "_before"))
    assert len(both) == len(again) == 4
    for name in ("mean_estimate", "rejection_rate", "deviation"):
        np.testing.assert_allclose(both[name], both[f"{name}_before"], rtol=1e-9)


def test_what_cannot_be_calibrated_says_why(connection):
    refused = {
        "RR6": specification("RR6", outcome="likes_at_30d"),
        "RR9": specification("RR9", condition="likes > 0"),
        "RR15": specification("RR15", method="window_matching"),
        "DM7": specification("DM7", view="focals", outcome="mdi_bypass"),
    }
    table = calibrate(connection, refused.values(), NULL).set_index("specification_id")
    assert "no world redraws likes_at_30d of entrants" in table.loc["RR6", "reason"]
    assert "depend on the likes" in table.loc["RR9", "reason"]
    assert "window_matching" in table.loc["RR15", "reason"]
    assert "no world redraws mdi_bypass of focals" in table.loc["DM7", "reason"]
    assert table["world"].isna().all()
    assert why_not(NULL) == ""


def test_rows_outside_of_the_null_model_are_refused_with_the_reason(connection):
    narrow = specification("RR4", sample="release_event_rank > 1")
    wide = specification("RR3", outcome="log_likes", estimator="ols")
    table = calibrate(
        connection, [narrow, wide], narrow, worlds=("hype",), n_draws=2, n_jackknife=0
    )
    reasons = table.set_index("specification_id")["reason"]
    assert "not among those of RR4" in reasons["RR3"]


def test_without_likes_the_worlds_of_the_index_are_drawn_all_the_same(connection):
    without = specification("RR4", sample="false")
    table = calibrate(connection, [NULL, DM1], without, n_draws=2, n_jackknife=0)
    table = table.set_index("specification_id")
    assert "the null model cannot be fitted" in table.loc["RR4", "reason"]
    assert set(table.loc["DM1", "world"]) == set(calibrating.DISRUPTION_WORLDS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_draws": 1}, "two draws"),
        ({"n_workers": 0}, "one worker"),
        ({"n_jackknife": 99}, "99 draws with a jackknife, of 60"),
        ({"worlds": ("heaven",)}, "no world 'heaven'; there are no_effect, "),
    ],
)
def test_arguments_without_meaning_are_refused_in_one_line(connection, change, says):
    arguments = {"specifications": [NULL], "null": NULL} | change
    with pytest.raises(CalibrationError, match=says) as caught:
        calibrate(connection, **arguments)
    assert "\n" not in str(caught.value)


def test_the_command_asks_for_exports_in_one_line(tmp_path):
    command = argparse.ArgumentParser()
    calibration_command.add_arguments(command)
    arguments = command.parse_args(["RR4", "--draws", "5"])
    arguments.exports = arguments.results = tmp_path
    with pytest.raises(StudyError, match=r"no recognition_panel\.parquet") as caught:
        arguments.main(arguments)
    assert "\n" not in str(caught.value)

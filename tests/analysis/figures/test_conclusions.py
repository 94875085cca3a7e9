"""A figure's title says what its intervals carry, and no more."""

import math

import pandas as pd
import pytest

from analysis.figures import FIGURES, conclusions


def shares(*rows):
    return pd.DataFrame(
        [
            {
                "focals": "all relations", "month": pd.Timestamp(f"2026-0{place}-01"),
                "share": share, "low": low, "high": high,
            }
            for place, (share, low, high) in enumerate(rows, 1)
        ]
    )  # fmt: skip


def test_a_share_rises_or_falls_where_intervals_lie_apart_and_else_cannot_be_told():
    rose = conclusions.share_over_time(shares((0.1, 0.05, 0.2), (0.4, 0.3, 0.5)))
    assert (
        rose
        == "The disruptive share rose from 10 % (5 to 20) in 2026-01 to 40 % (30 to 50) in 2026-02"
    )
    fell = conclusions.share_over_time(shares((0.4, 0.3, 0.5), (0.1, 0.05, 0.2)))
    assert fell.startswith("The disruptive share fell from 40 %")
    same = conclusions.share_over_time(shares((0.2, 0.1, 0.3), (0.25, 0.2, 0.3)))
    assert same.startswith("The disruptive share shows no clear change: 20 % (10 to 30)")


def test_without_intervals_there_is_no_conclusion_and_the_title_names_the_subject():
    frame = shares((0.1, math.nan, math.nan), (0.9, math.nan, math.nan))
    figure = next(one for one in FIGURES if one.name == "disruptive_share_over_time")
    assert conclusions.share_over_time(frame) == ""
    assert figure.headline(frame) == "Share of disruptive models by month of release"
    assert conclusions.share_over_time(shares((0.1, 0.05, 0.2))) == ""


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (
            [(-2, -1), (-1, 1), (1, 2)],
            "Of 3 main estimates, below zero with their interval: 1; above: 1",
        ),
        ([(-1, 1), (0, 2)], "None of 2 main estimates can be told apart from zero"),
        ([(math.nan, math.nan)], ""),
    ],
)  # fmt: skip
def test_estimates_count_where_their_intervals_leave_zero_out(ends, said):
    frame = pd.DataFrame(ends, columns=["interval_low", "interval_high"])
    assert conclusions.coefficients(frame) == said


def test_means_differ_where_the_highest_lies_above_the_lowest():
    told = conclusions.extremes("mean_mdi", "from {} to {}", "alike")
    means = pd.DataFrame({"mean_mdi": [0.1, 0.5], "low": [0.0, 0.4], "high": [0.2, 0.6]})
    assert told(means) == "from 0.10 (0.00 to 0.20) to 0.50 (0.40 to 0.60)"
    assert told(means.assign(high=[0.45, 0.6])) == "alike"
    assert told(means.head(1)) == ""


def test_a_family_by_age_tells_the_median_of_the_last_week_drawn():
    ages = pd.DataFrame(
        {"root_id": "a/b", "age_weeks": [0, 1, 2], "median_likes": [0.0, 3.0, math.nan]}
    )
    assert conclusions.likes_by_age(ages) == (
        "Half of the models of a/b have 3 likes or fewer in week 1"
    )
    assert conclusions.likes_by_age(ages.tail(1)) == ""


def test_every_figure_has_a_subject_and_a_way_to_conclude():
    for figure in FIGURES:
        assert figure.title
        assert callable(figure.conclude)
        assert figure.conclude is not type(figure).__dataclass_fields__["conclude"].default, (
            figure.name
        )


def months(*rows):
    columns = ["panel", "month", "n", "value", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(month=pd.to_datetime(frame.month))


def test_of_countries_it_is_told_how_many_are_not_known_and_of_licences_how_many_keep_their_terms():
    frame = months(
        ("FR", "2026-08-01", 90, 0.4, 0.2, 0.6), ("not known", "2026-08-01", 90, 0.6, 0.4, 0.8),
        ("not known", "2026-09-01", 20, None, None, None),
    )  # fmt: skip
    assert conclusions.countries(frame) == (
        "Of the models of August 2026 below a root 60 % (40 to 80) have one whose country is not "
        "known"
    )
    kept = months(("same obligations", "2026-08-01", 90, 0.9, 0.8, 0.95))
    assert conclusions.obligations(kept) == (
        "On 90 % (80 to 95) of the edges of August 2026 with known terms the obligations stay the "
        "same"
    )
    assert conclusions.countries(kept) == conclusions.obligations(frame) == ""


def test_where_intervals_overlap_no_panel_leads():
    frame = months(
        ("adapter", "2026-08-01", 90, 0.4, 0.3, 0.5), ("finetune", "2026-08-01", 90, 0.35, 0.3, 0.4)
    )
    assert conclusions.leader(frame) == (
        "Neither adapter nor finetune leads for certain in August 2026"
    )


def test_windows_are_told_in_words():
    frame = pd.DataFrame(
        [
            {"focals": "all", "window_name": name, "share": share, "low": low, "high": high}
            for name, share, low, high in (("30d", 0.5, 0.4, 0.6), ("all", 0.1, 0.05, 0.2))
        ]
    )
    assert conclusions.share_by_window(frame) == (
        "The longer the window, the fewer models are disruptive: 50 % (40 to 60) within 30 days, "
        "10 % (5 to 20) without an end"
    )

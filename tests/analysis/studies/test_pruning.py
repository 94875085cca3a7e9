"""Each row that an equation cannot use is counted once, by the first reason."""

import numpy as np
import pandas as pd
import pytest
from made_up_families import families

from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.estimation.pruning import Dropped, as_codes, as_numbers, prune, usable_rows


def rows(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_a_row_with_a_null_and_an_infinity_counts_as_null():
    frame = rows(
        y=[1.0, None, 2.0, np.inf, 3.0, 4.0],
        x=[1.0, np.inf, -np.inf, 1.0, 2.0, 5.0],
        owner=["a", "a", "b", "b", None, "b"],
        unused=[None] * 6,
    )
    kept, dropped = prune(frame, Equation("y", ("x",), clusters=("owner",)))
    assert dropped == Dropped(n_null=2, n_infinite=2)
    assert kept["y"].tolist() == [1, 4]


def test_every_column_of_the_equation_is_looked_at():
    columns = ("y", "x", "z", "kind", "base", "owner", "weight")
    frame = rows(**{name: [1.0, 2.0] * 10 for name in columns})
    equation = Equation(
        "y", ("x",), ("kind",), ("base",), "iv", ("owner",), "weight", ("x",), ("z",)
    )
    for place, name in enumerate(columns):
        frame.loc[place, name] = None
    assert prune(frame, equation)[1].n_null == len(columns)


def test_an_infinity_is_no_level():
    frame = rows(y=[1.0, 2, 3, 4], week=[1.0, 1.0, np.inf, np.inf])
    assert prune(frame, Equation("y", (), fixed_effects=("week",)))[1].n_infinite == 2


def test_levels_of_one_row_fall_until_none_is_left():
    """The only row of base c takes month 3 down to one row, and that row base d."""
    frame = rows(
        y=[1.0, 2, 3, 4, 5, 6, 7],
        base=["a", "a", "b", "b", "c", "d", "d"],
        month=[1, 1, 1, 1, 3, 3, 1],
    )
    equation = Equation("y", (), fixed_effects=("base", "month"))
    kept, dropped = prune(frame, equation)
    assert kept["base"].tolist() == ["a", "a", "b", "b"]
    assert dropped == Dropped(n_singleton=3)
    assert len(prune(frame, equation, keep_singletons=True)[0]) == 7


@pytest.mark.parametrize(
    ("estimator", "left", "n_separated"),
    [("ols", "aabbccdd", 0), ("poisson", "bbccdd", 2), ("logit", "bbdd", 4)],
)
def test_levels_that_say_nothing_fall(estimator, left, n_separated):
    """All zero for a Poisson, all zero or all one for a logit."""
    frame = rows(y=[0, 0, 0, 1, 1, 1, 1, 0], base=list("aabbccdd"))
    kept, dropped = prune(frame, Equation("y", (), fixed_effects=("base",), estimator=estimator))
    assert "".join(kept["base"]) == left
    assert dropped.n_separated == n_separated


def test_a_factor_separates_like_a_fixed_effect_but_may_have_one_row():
    frame = rows(y=[0, 0, 3, 1, 1], kind=["a", "a", "b", "c", "c"])
    kept, dropped = prune(frame, Equation("y", (), factors=("kind",), estimator="poisson"))
    assert kept["kind"].tolist() == ["b", "c", "c"]
    assert dropped == Dropped(n_separated=2)


def test_a_row_left_alone_by_separation_is_a_singleton():
    """Month 2 is all zero; without it base a has one row."""
    frame = rows(y=[0, 1, 0, 2, 1], base=["a", "a", "b", "b", "b"], month=[2, 1, 2, 1, 1])
    kept, dropped = prune(
        frame, Equation("y", (), fixed_effects=("base", "month"), estimator="poisson")
    )
    assert kept["base"].tolist() == ["b", "b"]
    assert dropped == Dropped(n_singleton=1, n_separated=2)


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_what_is_left_needs_no_further_pruning_and_counts_add_up(estimator):
    frame = families(800, 200)
    outcome = "has_likes" if estimator == "logit" else "likes"
    equation = Equation(
        outcome, ("size",), fixed_effects=("parent_id", "owner"), estimator=estimator
    )
    kept, dropped = prune(frame, equation)
    assert prune(kept, equation)[1] == Dropped()
    assert len(kept) + dropped.n_singleton + dropped.n_separated == len(frame)
    for name in ("parent_id", "owner"):
        by_level = kept.groupby(name)[outcome]
        assert by_level.size().min() > 1
        if estimator != "ols":
            assert by_level.sum().min() > 0
        if estimator == "logit":
            assert by_level.mean().max() < 1


def test_rows_keep_their_order_and_their_index():
    frame = families(300, 60).set_index("owner")
    equation = Equation("likes", ("size",), fixed_effects=("parent_id",), estimator="poisson")
    positions, _ = usable_rows(frame, equation)
    assert (np.diff(positions) > 0).all()
    pd.testing.assert_frame_equal(prune(frame, equation)[0], frame.iloc[positions])


def test_the_last_row_leaves_with_the_reasons():
    frame = rows(y=[0.0, 0.0, 1.0, None, np.inf], base=list("aabbb"))
    equation = Equation("y", (), fixed_effects=("base",), estimator="poisson")
    with pytest.raises(
        EstimationError,
        match="no row is left of 5: 1 with nulls, 1 with infinities, 1 alone in a level, 2 in",
    ):
        prune(frame, equation)


def test_numbers_are_doubles_whatever_they_came_as():
    expected = [1.0, np.nan, 0.0]
    for column in (
        pd.Series([1, None, 0], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([1, None, 0], dtype="float32"),
    ):
        np.testing.assert_array_equal(as_numbers(column), expected)
    # Small unsigned integers wrap when they are subtracted; doubles do not.
    assert as_numbers(pd.Series([1, 255], dtype="uint8")).dtype == np.float64


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["1", "2"]),
        pd.Series([1, "2"], dtype=object),
        pd.Series(["a", "b"], dtype="category"),
        pd.Series([1, 2], dtype="category"),
        pd.to_datetime(pd.Series(["2026-01-01", "2026-01-02"])),
        pd.to_timedelta(pd.Series([1, 2])),
        pd.Series([1j, 2j]),
    ],
)
def test_what_only_looks_like_a_number_is_none(column):
    with pytest.raises(EstimationError, match="not a number"):
        as_numbers(column.rename("x"))


def test_labels_are_coded_in_the_order_of_their_rows_and_null_is_none():
    for column in (
        pd.Series(["b", None, "a", "b"]),
        pd.Series([2.5, np.nan, 1, 2.5]),
        pd.Series(["b", None, "a", "b"], dtype=pd.CategoricalDtype(["a", "b", "unused"])),
        pd.Series([7, None, 2, 7], dtype="Int64"),
    ):
        assert as_codes(column).tolist() == [0, -1, 1, 0]

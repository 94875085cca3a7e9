"""Coefficients without each of many groups of rows, all groups at once.

A refit for each group reads all rows a hundred times. Here the rows are read once for what they add
to the cross products, group by group; without a group these are the sums over the others.

* OLS is solved from them: no iteration.
* Poisson and logit start at the solution on all rows. Their scores without a group are exact; their
  steps use the Hessian of the other groups, to which each step adds what it has seen of the
  curvature (Broyden, Fletcher, Goldfarb & Shanno); where they still shrink too slowly it is
  computed anew. They end when a step is below 1e-7 of a standard error, so that the end is a
  refit's.

One fixed effect is absorbed. Of a Poisson it is one whose levels lie each in one group: it leaves
with its group, and its coefficients are ratios of sums, exactly. Of an OLS the groups may cut its
levels: its coefficients are means, and what a group takes from the others' means is a sum over the
levels that it cuts. Other fixed effects are columns. What takes more thought than that (a term that
falls without a group, a newly separated row, a perfect fit) is not solved here but handed back.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpstrf
from scipy.sparse import csr_array
from scipy.special import expit, logit

from analysis.studies.estimation.ordered_rows import Columns, Gone, OrderedRows

# A step, in standard errors, after which no other is needed.
SMALL_STEP = 1e-7
MOST_STEPS = 40
# Of the residuals' length, what the score of a column that no step moves may be.
SMALL_SCORE = 1e-7
# A step that is not below this share of the one before asks for a new Hessian.
SLOW = 0.2
# Of a column of length one, what the others must leave: less, and it is one of the nuisance that
# they determine, or a term that only a refit can judge.
LEAST_OF_A_NUISANCE = 1e-10
LEAST_OF_A_TERM = 1e-7
# A fit that leaves this share of the outcome's variation is for the refit to refuse.
PERFECT = 1e-10
# Of the mean outcome, a row's mean that says the row is separated.
SMALL_MEAN = 1e-6
# Doubles of a block of rows x groups, which stays in the cache.
BLOCK = 131_072


@dataclass(frozen=True, eq=False)
class LeftOut:
    """`on_all` (k,) coefficients of the terms (of length one) on all rows, `without` (H, k) without
    each group, NaN where `is_solved` (H,) is not: these need a refit. `variation` (H, k, k) is what
    the rows of each group add to the squares and products of the terms, net of all else,
    `independent` (k, k) the covariance on all rows of an OLS whose rows are independent and of one
    variance."""

    on_all: np.ndarray
    without: np.ndarray
    is_solved: np.ndarray
    variation: np.ndarray
    independent: np.ndarray | None = None

    def in_units_of(self, scale: np.ndarray) -> "LeftOut":
        """The same for terms of these lengths (k,)."""
        squared = np.outer(scale, scale)
        independent = None if self.independent is None else self.independent / squared
        return replace(
            self,
            on_all=self.on_all / scale,
            without=self.without / scale,
            variation=self.variation / squared,
            independent=independent,
        )


def leave_out(
    columns: Columns,
    outcome: np.ndarray,
    estimator: str,
    group: np.ndarray,
    mean: np.ndarray | None = None,
) -> LeftOut | None:
    """The coefficients of an OLS, Poisson or logit without each group (n,), 0 to H - 1.

    `mean` (n,) are the fitted means on all rows, where steps begin. None where the rows as a whole
    need another way: a term that falls, or, where no `mean` is given, because no fit has looked for
    separated rows, a mean next to its edge.
    """
    rows = OrderedRows.sorted(columns, outcome, group)
    if estimator == "ols":
        return _leave_out_of_ols(rows)
    return _leave_out_by_steps(rows, estimator, None if mean is None else mean[rows.order])


def _leave_out_of_ols(rows: OrderedRows) -> LeftOut | None:
    """From the cross products of the other groups."""
    columns = rows.columns
    x, weights, outcome, k = columns.x, columns.weights, rows.outcome, columns.n_nuisance
    y = columns.less_means(outcome - np.average(outcome, weights=weights))
    own = rows.cross_products(x, weights)
    own_with_y = rows.products(x, weights * y)
    own_squares, own_weight = rows.by_group(weights * y * y), rows.by_group(weights)
    own_size = np.diff(rows.group_starts)
    solver = _inverse(own.sum(axis=0), k, weights.mean())
    if solver is None:
        return None
    whole_with_y = own_with_y.sum(axis=0)
    on_all = solver @ whole_with_y
    left_on_all = max(own_squares.sum() - on_all @ whole_with_y, 0.0)
    n_levels = 0 if columns.absorbed is None else len(np.unique(columns.absorbed))
    n_free = len(outcome) - n_levels - np.count_nonzero(np.diag(solver))
    independent = solver[k:, k:] * left_on_all / max(n_free, 1)
    variation = _variation(own, solver[:, k:])
    products, with_y = rows.of_the_others(own), rows.of_the_others(own_with_y)
    squares = rows.of_the_others(own_squares)
    if columns.absorbed is not None:
        cut = _of_cut_levels(rows, columns.absorbed[rows.level_starts], x, y)
        products, with_y, squares = products - cut[0], with_y - cut[1], squares - cut[2]
    unit = rows.of_the_others(own_weight) / rows.of_the_others(own_size.astype(np.float64))
    is_solved = (rows.degrees_left() > 0) & rows.has_two_outcomes()
    without = np.full((rows.n_groups, x.shape[1]), np.nan)
    for group in np.flatnonzero(is_solved):
        solver = _inverse(products[group], k, unit[group])
        if solver is None:
            is_solved[group] = False
            continue
        without[group] = solver @ with_y[group]
        left = squares[group] - without[group] @ with_y[group]
        is_solved[group] = left > PERFECT * squares[group]
    without[~is_solved] = np.nan
    return LeftOut(on_all[k:], without[:, k:], is_solved, variation, independent)


def _variation(own: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The cross products of each group (H, K, K) along `directions` (K, k): (H, k, k)."""
    return directions.T @ own @ directions


def _of_cut_levels(
    rows: OrderedRows, level: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What x'x (H, K, K), x'y (H, K) and y'y (H,) of the other groups lose with the means that a
    group takes from the levels it cuts; `level` (L,) is that of each part.

    Columns have a mean of zero in each level. Without a part, of weight p and with the sum s, the
    rest of its level, of weight r, has the sum -s, and loses s s' / r of its squares.
    """
    weights = rows.columns.weights
    part = rows.by_level(weights)
    rest = np.bincount(level, weights=part)[level] - part
    n_parts = np.bincount(level)[level]
    shape = (rows.n_groups, x.shape[1])
    products, with_y, squares = np.zeros((*shape, shape[1])), np.zeros(shape), np.zeros(shape[0])
    is_cut = n_parts > 1
    if is_cut.any():
        root = np.zeros(len(rest))
        root[is_cut] = rest[is_cut] ** -0.5
        of_x = rows.by_level(x * weights[:, None]) * root[:, None]
        of_y = rows.by_level(y * weights) * root
        ends = np.searchsorted(rows.group_of_part, np.arange(rows.n_groups + 1))
        for group, (start, end) in enumerate(pairwise(ends)):
            own = of_x[start:end]
            products[group], with_y[group] = own.T @ own, own.T @ of_y[start:end]
            squares[group] = of_y[start:end] @ of_y[start:end]
    return products, with_y, squares


def _leave_out_by_steps(
    rows: OrderedRows, estimator: str, mean: np.ndarray | None
) -> LeftOut | None:
    """By Newton's steps from the solution on all rows."""
    model = _Model(rows, estimator)
    top = model.top(mean)
    if top is None or (mean is None and model.is_at_limit(top)):
        return None
    k, n_groups = rows.columns.n_nuisance, rows.n_groups
    is_solved = (rows.degrees_left() > 0) & rows.has_two_outcomes()
    gone = model.gone_without_each_group(is_solved)
    curvature = np.concatenate([block.curvature_at(top) for block in model.blocks])
    own = model.hessians(curvature)
    whole = _inverse(own.sum(axis=0), k, curvature.mean())
    if whole is None:
        return None
    products = rows.of_the_others(own)
    totals = rows.of_the_others(rows.by_group(curvature))
    sizes = rows.of_the_others(np.diff(rows.group_starts).astype(np.float64))
    inverses = np.zeros_like(products)
    errors = np.ones((len(top), n_groups))
    for group in np.flatnonzero(is_solved):
        if len(gone[group]) > 1:
            found = model.inverse(top, gone[group])
        else:
            found = _inverse(products[group], k, totals[group] / sizes[group])
        if found is None:
            is_solved[group] = False
            continue
        inverses[group] = found
        variance = np.diag(found)
        errors[:, group] = np.sqrt(np.where(variance > 0, variance, 1.0))
    beta = np.repeat(top[:, None], n_groups, axis=1)
    todo = np.flatnonzero(is_solved)
    score, rest = model.scores_at_top(top, [gone[group] for group in todo], todo)
    last = np.full(n_groups, np.inf)
    least = np.sqrt(PERFECT * model.variation())
    for _ in range(MOST_STEPS):
        if not len(todo):
            break
        step = np.einsum("hij,jh->ih", inverses[todo], score)
        beta[:, todo] += step
        size = np.abs(step / errors[:, todo]).max(axis=0)
        ended = size <= SMALL_STEP
        # Columns are of length one: a score is at most the length of the residuals.
        is_top = (np.abs(score) <= SMALL_SCORE * rest).all(axis=0)
        is_solved[todo[ended & ~(is_top & (rest > least))]] = False
        is_lost = ~np.isfinite(size)
        is_slow = ~ended & ~is_lost & (size > SLOW * last[todo])
        for group in todo[is_slow]:
            found = model.inverse(beta[:, group], gone[group])
            if found is None:
                is_lost[todo == group] = True
            else:
                inverses[group] = found
        is_solved[todo[is_lost]] = False
        last[todo] = size
        goes_on = ~ended & ~is_lost
        todo, step, before = todo[goes_on], step[:, goes_on], score[:, goes_on]
        score, rest = model.scores(beta[:, todo], [gone[group] for group in todo])
        seen = ~is_slow[goes_on]
        inverses[todo[seen]] = _curved(
            inverses[todo[seen]], step[:, seen].T, (before - score)[:, seen].T
        )
    is_solved[todo] = False
    without = beta[k:].T.copy()
    without[~is_solved] = np.nan
    return LeftOut(top[k:], without, is_solved, _variation(own, whole[:, k:]))


def _curved(inverses: np.ndarray, steps: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Inverse Hessians (b, K, K) after steps (b, K) that took `taken` (b, K) from the scores.

    The update of Broyden, Fletcher, Goldfarb and Shanno; none where a step saw no curvature.
    """
    curvature = np.einsum("hi,hi->h", steps, taken)
    is_seen = curvature > 0
    curvature = np.where(is_seen, curvature, 1.0)
    image = np.einsum("hij,hj->hi", inverses, taken)
    length = 1 + np.einsum("hi,hi->h", taken, image) / curvature
    both = np.einsum("hi,hj->hij", image, steps)
    outer = np.einsum("h,hi,hj->hij", length, steps, steps)
    change = (outer - both - both.transpose(0, 2, 1)) / curvature[:, None, None]
    return np.where(is_seen[:, None, None], inverses + change, inverses)


@dataclass(frozen=True, eq=False)
class _Block:
    """A Poisson or a logit of a block of rows; the levels of the absorbed effect are at their best.

    `is_dummy` (K,) says which columns are dummies.
    """

    rows: OrderedRows
    estimator: str
    is_dummy: np.ndarray

    @cached_property
    def plain(self) -> np.ndarray:
        """The columns that are no dummies, side by side; (n, K - dummies)."""
        return np.ascontiguousarray(self.rows.columns.x[:, ~self.is_dummy])

    @cached_property
    def indicators(self) -> list[csr_array]:
        """The dummies of each factor without their means within absorbed levels; (levels, n).

        Those make no difference to means and scores: what they add to all rows of a level the ratio
        of its sums takes out again, and its residuals add up to zero.
        """
        columns, n = self.rows.columns, len(self.rows.outcome)
        return [
            csr_array((heights[codes], (codes, np.arange(n))), shape=(len(heights), n))
            for codes, heights in zip(columns.levels, columns.heights, strict=True)
        ]

    def predictors(self, beta: np.ndarray) -> np.ndarray:
        """Linear predictors (n, b) at coefficients (K, b), but for what is one for a level."""
        columns = self.rows.columns
        predictor = self.plain @ beta[~self.is_dummy]
        ends = np.cumsum([len(heights) for heights in columns.heights])
        effects = np.split(beta[self.is_dummy], ends[:-1])
        for codes, heights, effect in zip(columns.levels, columns.heights, effects, strict=False):
            predictor += (heights[:, None] * effect)[codes]
        return predictor

    def products(self, residual: np.ndarray) -> np.ndarray:
        """Products (K, b) of the columns and residuals (n, b) that add up to zero within levels."""
        products = np.empty((len(self.is_dummy), residual.shape[1]))
        products[~self.is_dummy] = self.plain.T @ residual
        if self.indicators:
            products[self.is_dummy] = np.vstack([one @ residual for one in self.indicators])
        return products

    def means(self, beta: np.ndarray, gone: list[Gone]) -> tuple[np.ndarray, np.ndarray]:
        """Means and weighted residuals (n, b) at coefficients (K, b); 0 on rows gone from each."""
        rows, columns = self.rows, self.rows.columns
        weights = columns.weights[:, None]
        gone = [rows.within(one) for one in gone]
        predictor = self.predictors(beta)
        inverse_link = expit if self.estimator == "logit" else np.exp
        mean = inverse_link(predictor, out=predictor)
        for place, parts in enumerate(gone):
            for part in parts:
                mean[part, place] = 0
        if columns.absorbed is not None:
            sums = rows.by_level(weights * mean)
            total = rows.by_level(columns.weights * rows.outcome)[:, None]
            ratio = np.divide(total, sums, out=np.zeros_like(sums), where=sums > 0)
            mean *= rows.on_rows(ratio)
        residual = weights * (rows.outcome[:, None] - mean)
        for place, parts in enumerate(gone):
            for part in parts:
                residual[part, place] = 0
        return mean, residual

    def curvature(self, mean: np.ndarray) -> np.ndarray:
        """What each row adds to the Hessian at its mean; (n,)."""
        slope = mean if self.estimator == "poisson" else mean * (1 - mean)
        return self.rows.columns.weights * slope

    def curvature_at(self, beta: np.ndarray, gone: Gone = ()) -> np.ndarray:
        """The same at coefficients (K,); 0 on rows gone."""
        with np.errstate(all="ignore"):
            return self.curvature(self.means(beta[:, None], [gone])[0][:, 0])

    def less_means(self, curvature: np.ndarray) -> np.ndarray:
        """The columns less their means within the absorbed levels, by curvature (n,); (n, K)."""
        x = self.rows.columns.x
        if self.rows.columns.absorbed is None:
            return x
        sums = self.rows.by_level(curvature)[:, None]
        totals = self.rows.by_level(x * curvature[:, None])
        return x - self.rows.on_rows(np.divide(totals, sums, out=totals, where=sums > 0))


@dataclass(frozen=True, eq=False)
class _Model:
    """A Poisson or a logit of rows: sums over their blocks."""

    rows: OrderedRows
    estimator: str

    @cached_property
    def blocks(self) -> list[_Block]:
        """The blocks of the rows."""
        columns = self.rows.columns
        is_dummy = np.arange(columns.x.shape[1]) < columns.n_nuisance
        if columns.absorbed is None:
            is_dummy[0] = False
        return [_Block(block, self.estimator, is_dummy) for block in self.rows.blocks]

    def scores(self, beta: np.ndarray, gone: list[Gone]) -> tuple[np.ndarray, np.ndarray]:
        """Scores (K, b) at coefficients (K, b), and the length (b,) of the residuals."""
        score, squares = np.zeros_like(beta), np.zeros(beta.shape[1])
        for block in self.blocks:
            width = max(1, BLOCK // len(block.rows.outcome))
            for start in range(0, beta.shape[1], width):
                some = slice(start, start + width)
                with np.errstate(all="ignore"):
                    residual = block.means(beta[:, some], gone[some])[1]
                score[:, some] += block.products(residual)
                squares[some] += np.einsum("nb,nb->b", residual, residual)
        return score, np.sqrt(squares)

    def variation(self) -> float:
        """The squared length of the outcome about its mean."""
        weights, outcome = self.rows.columns.weights, self.rows.outcome
        return float(((weights * (outcome - np.average(outcome, weights=weights))) ** 2).sum())

    def hessians(self, curvature: np.ndarray) -> np.ndarray:
        """What each group adds to the Hessian, at the rows' curvature (n,); (H, K, K)."""
        size = self.rows.columns.x.shape[1]
        found = np.zeros((self.rows.n_groups, size, size))
        for block in self.blocks:
            own = curvature[block.rows.start :][: len(block.rows.outcome)]
            found[block.rows.groups] += block.rows.cross_products(block.less_means(own), own)
        return found

    def scores_at_top(
        self, top: np.ndarray, gone: list[Gone], groups: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """`scores` (K, b) without each of the groups (b,) at the top (K,) of all rows.

        Levels lie within groups, so that a group which leaves alone moves no other row's mean: what
        is left of a score of zero is what the group's own rows gave.
        """
        own, squares = np.zeros((self.rows.n_groups, len(top))), np.zeros(self.rows.n_groups)
        for block in self.blocks:
            residual = block.means(top[:, None], [()])[1]
            own[block.rows.groups] += block.rows.by_group(block.rows.columns.x * residual)
            squares[block.rows.groups] += block.rows.by_group(residual[:, 0] ** 2)
        left = self.rows.of_the_others(squares)
        score, rest = self.rows.of_the_others(own)[groups].T.copy(), np.sqrt(left[groups])
        others = [place for place, parts in enumerate(gone) if len(parts) > 1]
        if others:
            score[:, others], rest[others] = self.scores(
                np.repeat(top[:, None], len(others), axis=1), [gone[place] for place in others]
            )
        return score, rest

    def inverse(self, beta: np.ndarray, gone: Gone) -> np.ndarray | None:
        """Of the Hessian at coefficients (K,) without the rows gone; None where a term falls."""
        hessian, total, n_left = np.zeros((len(beta), len(beta))), 0.0, 0
        for block in self.blocks:
            curvature = block.curvature_at(beta, gone)
            if not np.isfinite(curvature).all():
                return None
            x = block.less_means(curvature)
            hessian += x.T @ (x * curvature[:, None])
            total += curvature.sum()
            n_left += int(np.count_nonzero(curvature))
        return _inverse(hessian, self.rows.columns.n_nuisance, total / max(n_left, 1))

    def top(self, mean: np.ndarray | None) -> np.ndarray | None:
        """The coefficients (K,) on all rows, from what gives the means (n,) where they are known;
        None where a term falls or no end is reached."""
        none: list[Gone] = [()]
        beta: np.ndarray | None = np.zeros(self.rows.columns.x.shape[1])
        if mean is not None:
            beta = self.coefficients_of(mean)
        if beta is None:
            return None
        errors, height = None, self.height(beta)
        for _ in range(MOST_STEPS):
            inverse = self.inverse(beta, ())
            if inverse is None:
                return None
            score, rest = self.scores(beta[:, None], none)
            step = inverse @ score[:, 0]
            if errors is None:
                variance = np.diag(inverse)
                errors = np.sqrt(np.where(variance > 0, variance, 1.0))
            size = np.abs(step / errors).max()
            if size <= SMALL_STEP:
                is_top = np.abs(score).max() <= SMALL_SCORE * rest[0]
                is_perfect = rest[0] ** 2 <= PERFECT * self.variation()
                return beta if is_top and not is_perfect else None
            # Far from the top a whole step may lead down; close to it rounding decides.
            for _ in range(30):
                reached = self.height(beta + step)
                if reached >= height or size < 1e-3:
                    break
                step, size = step / 2, size / 2
            else:
                return None
            beta, height = beta + step, reached
        return None

    def coefficients_of(self, mean: np.ndarray) -> np.ndarray | None:
        """The coefficients (K,) whose means (n,) are given; None where a term falls."""
        size = self.rows.columns.x.shape[1]
        hessian, image, total = np.zeros((size, size)), np.zeros(size), 0.0
        for block in self.blocks:
            own = mean[block.rows.start :][: len(block.rows.outcome)]
            curvature = block.curvature(own)
            x = block.less_means(curvature)
            weighted = x * curvature[:, None]
            hessian += x.T @ weighted
            image += weighted.T @ (np.log(own) if self.estimator == "poisson" else logit(own))
            total += curvature.sum()
        inverse = _inverse(hessian, self.rows.columns.n_nuisance, total / len(mean))
        return None if inverse is None else inverse @ image

    def is_at_limit(self, beta: np.ndarray) -> bool:
        """Whether a row's mean is next to the edge of what it can be: a separated row."""
        mean = np.concatenate([block.means(beta[:, None], [()])[0][:, 0] for block in self.blocks])
        outcome = self.rows.outcome
        average = np.average(outcome, weights=self.rows.columns.weights)
        is_low = (outcome == 0) & (mean < SMALL_MEAN * average)
        is_high = (outcome == 1) & (1 - mean < SMALL_MEAN * (1 - average))
        return bool(is_low.any() or (self.estimator == "logit" and is_high.any()))

    def height(self, beta: np.ndarray) -> float:
        """The log-likelihood at coefficients (K,), but for what does not depend on them."""
        columns, outcome = self.rows.columns, self.rows.outcome
        with np.errstate(all="ignore"):
            predictor = columns.x @ beta
            height = (columns.weights * outcome) @ predictor
            if self.estimator == "logit":
                return height - columns.weights @ np.logaddexp(0, predictor)
            sums = columns.weights * np.exp(predictor)
            if columns.absorbed is None:
                return height - sums.sum()
            totals = self.rows.by_level(columns.weights * outcome)
            return height - totals @ np.log(self.rows.by_level(sums))

    def gone_without_each_group(self, is_solved: np.ndarray) -> list[Gone]:
        """The rows that leave with each group (H): its own, and for a Poisson those of levels that
        it alone gave any outcome. Marks in `is_solved` (H,) what only a refit can tell."""
        rows, n_groups = self.rows, self.rows.n_groups
        gone: list[Gone] = [(rows.of_group(group),) for group in range(n_groups)]
        group = np.repeat(np.arange(n_groups), np.diff(rows.group_starts))
        sides = (
            [rows.outcome > 0]
            if self.estimator == "poisson"
            else [rows.outcome > 0, rows.outcome < 1]
        )
        for codes in rows.columns.levels:
            cell, shape = codes * n_groups + group, (codes.max() + 1, n_groups)
            n_rows = np.bincount(cell, minlength=np.prod(shape)).reshape(shape)
            is_left = n_rows < n_rows.sum(axis=1, keepdims=True)
            for is_on_side in sides:
                n_on_side = np.bincount(cell, is_on_side, np.prod(shape)).reshape(shape)
                is_uniform = n_on_side == n_on_side.sum(axis=1, keepdims=True)
                for level, without in np.argwhere(is_uniform & is_left):
                    gone[without] += (np.flatnonzero(codes == level),)
                    if self.estimator == "logit":
                        is_solved[without] = False
        return gone


def _inverse(products: np.ndarray, n_nuisance: int, unit: float) -> np.ndarray | None:
    """Of cross products (K, K) of columns of length one, `unit` the mean weight of a row.

    A nuisance column that the others determine is left out (its row and column are 0). None where
    a term might be determined: that is for a refit to say.
    """
    size = np.diag(products)
    stays = size > LEAST_OF_A_NUISANCE * unit
    if not stays[n_nuisance:].all():
        return None
    for is_second in (False, True):
        kept = np.flatnonzero(stays)
        length = np.sqrt(size[kept])
        scaled = products[np.ix_(kept, kept)] / np.outer(length, length)
        n_kept = int(stays[:n_nuisance].sum())
        try:
            factor = np.linalg.cholesky(scaled)
            own = np.diag(factor) ** 2
            is_sound = bool((own[:n_kept] > LEAST_OF_A_NUISANCE).all())
        except np.linalg.LinAlgError:
            is_sound = False
        if is_sound:
            break
        if is_second or not n_kept:
            return None
        # The nuisance that is independent, the longest first.
        _, order, rank, _ = dpstrf(scaled[:n_kept, :n_kept], tol=LEAST_OF_A_NUISANCE)
        stays[kept[order[rank:] - 1]] = False
    if (own[n_kept:] * size[kept[n_kept:]] <= LEAST_OF_A_TERM * unit).any():
        return None
    inverse = np.zeros_like(products)
    inverse[np.ix_(kept, kept)] = cho_solve((factor, True), np.eye(len(kept))) / np.outer(
        length, length
    )
    return inverse

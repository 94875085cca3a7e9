"""Rows in the order of the groups that leave, and in blocks that stay in the cache."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

Gone = tuple[slice | np.ndarray, ...]
"""Rows that leave: slices, and places in ascending order."""

TOGETHER = 8_192
"""The rows of a block, unless a level has more. A few columns of so many stay in the cache."""


@dataclass(frozen=True, eq=False)
class Columns:
    """What a fit works on: columns of length one, nuisance first, then the terms.

    `x` (n, K) with the within-level means of `absorbed` taken out; without an absorbed effect a
    constant is the first of the nuisance. `levels` are codes (n,) of the factors and fixed effects
    that are dummies, the rest of the nuisance in this order, `heights` (levels,) what each dummy is
    where it is not zero. Without any outcome left, the rows of a level say nothing of a Poisson.
    """

    x: np.ndarray
    n_nuisance: int
    absorbed: np.ndarray | None
    levels: tuple[np.ndarray, ...]
    heights: tuple[np.ndarray, ...]
    weights: np.ndarray

    def within_levels(self) -> "Columns":
        """The same less the columns' means within the absorbed levels."""
        return replace(self, x=self.less_means(self.x))

    def less_means(self, values: np.ndarray) -> np.ndarray:
        """Values (n, ...) less their means within the absorbed levels, if there are any."""
        if self.absorbed is None:
            return values
        indicator = csr_array(
            (self.weights, (self.absorbed, np.arange(len(values)))),
            shape=(self.absorbed.max() + 1, len(values)),
        )
        means = ((indicator @ values).T / indicator.sum(axis=1)).T
        return values - means[self.absorbed]

    def at(self, rows: np.ndarray) -> "Columns":
        """The same of some rows (m,); not standardised anew."""
        return replace(
            self,
            x=self.x[rows],
            absorbed=None if self.absorbed is None else self.absorbed[rows],
            levels=tuple(codes[rows] for codes in self.levels),
            weights=self.weights[rows],
        )

    def between(self, start: int, end: int) -> "Columns":
        """The same of the rows from `start` to before `end`; nothing is copied."""
        return replace(
            self,
            x=self.x[start:end],
            absorbed=None if self.absorbed is None else self.absorbed[start:end],
            levels=tuple(codes[start:end] for codes in self.levels),
            weights=self.weights[start:end],
        )


@dataclass(frozen=True, eq=False)
class OrderedRows:
    """Rows in the order of their groups, therein of their absorbed levels.

    A level's rows in one group are a part; where no level is cut, parts are levels.
    """

    columns: Columns
    outcome: np.ndarray
    order: np.ndarray  # (n,) the place of each row among those given
    group_starts: np.ndarray  # (H + 1,)
    level_starts: np.ndarray  # (L,) of the parts; empty where no effect is absorbed
    level_sizes: np.ndarray  # (L,) of the parts
    start: int = 0  # of a block, the place of its first row among all
    group: int = 0  # and the group of that row

    @classmethod
    def sorted(cls, columns: Columns, outcome: np.ndarray, group: np.ndarray) -> "OrderedRows":
        """Of rows with an outcome (n,) and a group (n,), 0 to H - 1."""
        absorbed = columns.absorbed
        order = np.argsort(group, kind="stable")
        starts = sizes = np.empty(0, dtype=np.int64)
        if absorbed is not None:
            order = np.lexsort((absorbed, group))
            is_new = (np.diff(absorbed[order]) != 0) | (np.diff(group[order]) != 0)
            changes = np.flatnonzero(is_new) + 1
            starts = np.concatenate([[0], changes])
            sizes = np.diff(np.append(starts, len(order)))
        bounds = np.searchsorted(group[order], np.arange(group.max() + 2))
        return cls(columns.at(order), outcome[order], order, bounds, starts, sizes)

    @property
    def n_groups(self) -> int:
        """H."""
        return len(self.group_starts) - 1

    @cached_property
    def blocks(self) -> "list[OrderedRows]":
        """The rows in blocks of about `TOGETHER`: whole groups, or whole levels of one group."""
        cuts = [0]
        for start, end in pairwise(self.group_starts):
            if cuts[-1] < start and end - cuts[-1] > TOGETHER:
                cuts.append(start)
            while end - cuts[-1] > TOGETHER:
                cuts.append(min(self._cut_after(cuts[-1]), end))
            if start < cuts[-1] < end:
                cuts.append(end)
        if cuts[-1] < len(self.outcome):
            cuts.append(len(self.outcome))
        return [self._between(start, end) for start, end in pairwise(cuts)]

    def _cut_after(self, start: int) -> int:
        """Where a block of one group that begins at `start` can end."""
        end = start + TOGETHER
        if self.columns.absorbed is None:
            return end
        starts = np.append(self.level_starts, len(self.outcome))
        at = np.searchsorted(starts, end, side="right") - 1
        return int(starts[at] if starts[at] > start else starts[at + 1])

    def _between(self, start: int, end: int) -> "OrderedRows":
        """The rows from `start` to before `end`, between which no level is cut."""
        first, last = np.searchsorted(self.group_starts, [start, end - 1], side="right") - 1
        level = np.searchsorted(self.level_starts, [start, end])
        return OrderedRows(
            columns=self.columns.between(start, end),
            outcome=self.outcome[start:end],
            order=self.order[start:end],
            group_starts=np.clip(self.group_starts[first : last + 2], start, end) - start,
            level_starts=self.level_starts[slice(*level)] - start,
            level_sizes=self.level_sizes[slice(*level)],
            start=start,
            group=int(first),
        )

    @property
    def groups(self) -> slice:
        """The groups of a block's rows among all."""
        return slice(self.group, self.group + self.n_groups)

    def within(self, gone: Gone) -> Gone:
        """Of rows gone from all, the places of those in this block."""
        end = self.start + len(self.outcome)
        found: list[slice | np.ndarray] = []
        for rows in gone:
            if isinstance(rows, slice):
                if rows.start < end and self.start < rows.stop:
                    low, high = max(rows.start, self.start), min(rows.stop, end)
                    found.append(slice(low - self.start, high - self.start))
            else:
                low, high = np.searchsorted(rows, [self.start, end])
                if low < high:
                    found.append(rows[low:high] - self.start)
        return tuple(found)

    def of_group(self, group: int) -> slice:
        """The rows of a group."""
        return slice(self.group_starts[group], self.group_starts[group + 1])

    def by_level(self, values: np.ndarray) -> np.ndarray:
        """Sums (L, ...) of values (n, ...) within absorbed levels."""
        return np.add.reduceat(values, self.level_starts, axis=0)

    def on_rows(self, values: np.ndarray) -> np.ndarray:
        """Values (n, ...) of the rows' levels, from those of the levels (L, ...)."""
        return np.repeat(values, self.level_sizes, axis=0)

    def of_the_others(self, values: np.ndarray) -> np.ndarray:
        """Sums over all groups but each, (H, ...), of what each group adds (H, ...).

        Sums before and after it, and not the whole less its own: nothing cancels.
        """
        before = np.zeros_like(values)
        after = np.zeros_like(values)
        np.cumsum(values[:-1], axis=0, out=before[1:])
        after[:-1] = np.cumsum(values[:0:-1], axis=0)[::-1]
        return before + after

    def by_group(self, values: np.ndarray) -> np.ndarray:
        """Sums (H, ...) of values (n, ...) within groups; no group is empty."""
        return np.add.reduceat(values, self.group_starts[:-1], axis=0)

    def cross_products(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """x' diag(weights) x of each group; (H, K, K)."""
        size = x.shape[1]
        products = np.empty((self.n_groups, size, size))
        for group in range(self.n_groups):
            own = x[self.of_group(group)]
            products[group] = own.T @ (own * weights[self.of_group(group), None])
        return products

    def products(self, x: np.ndarray, values: np.ndarray) -> np.ndarray:
        """x' values (n,) of each group; (H, K)."""
        groups = map(self.of_group, range(self.n_groups))
        return np.array([values[group] @ x[group] for group in groups])

    def degrees_left(self) -> np.ndarray:
        """Rows less levels and columns, without each group; (H,)."""
        left = self.of_the_others(np.diff(self.group_starts).astype(np.float64))
        if self.columns.absorbed is not None:
            level = self.columns.absorbed[self.level_starts]
            n_parts = np.bincount(level)
            is_whole = n_parts[level] == 1
            gone = np.bincount(self.group_of_part[is_whole], minlength=self.n_groups)
            left -= np.count_nonzero(n_parts) - gone
        return left - self.columns.x.shape[1]

    @cached_property
    def group_of_part(self) -> np.ndarray:
        """The group of each part; (L,)."""
        return np.searchsorted(self.group_starts, self.level_starts, side="right") - 1

    def has_two_outcomes(self) -> np.ndarray:
        """Whether the outcome varies without each group; (H,)."""
        starts = self.group_starts[:-1]
        low = np.minimum.reduceat(self.outcome, starts)
        high = np.maximum.reduceat(self.outcome, starts)
        lowest, highest = np.sort(low)[:2], np.sort(high)[-2:]
        least = np.where(low == lowest[0], lowest[1], lowest[0])
        most = np.where(high == highest[1], highest[0], highest[1])
        return least < most

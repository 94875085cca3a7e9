"""The conditional logit: given how many ones each family has, which of its members they are.

With w = exp(x b), a family of n members of which d are ones has for a denominator the sum, over all
choices of d members, of the products of their w: the elementary symmetric polynomial of degree d,
which grows member by member (Gail, Lubin & Rubinstein, Biometrika 1981). statsmodels'
ConditionalLogit goes through families one by one and takes differences for the Hessian; here all
families of one size grow together, with their derivatives. The tests hold it to statsmodels and to
printed results.
"""

import numpy as np

from analysis.studies.estimation.equations import Equation, EstimationError, NotIdentified
from analysis.studies.estimation.likelihoods import independent_columns, solution_at, top_of
from analysis.studies.estimation.matrices import (
    Convention,
    Design,
    Solution,
    scaled_to_variance_one,
)

LARGEST_FAMILY = 200
"""Denominators of larger ones leave the range of doubles."""

AT_ONCE = 2_000_000
"""Doubles of second derivatives that grow together."""


class ConditionalLikelihood:
    """The log-likelihood of some families and its derivatives.

    outcome: (n,) 0 or 1; x: (n, K); family: (n,) codes 0, 1, ...
    """

    def __init__(self, outcome: np.ndarray, x: np.ndarray, family: np.ndarray) -> None:
        sizes = np.bincount(family)
        self.x, self.ones = x, np.bincount(family, weights=outcome).astype(np.int64)
        self.observed = np.zeros((len(sizes), x.shape[1]))
        np.add.at(self.observed, family, x * outcome[:, None])
        rows = np.argsort(family, kind="stable")
        first = np.cumsum(sizes) - sizes
        # Families of one size with their rows, few enough for their derivatives to grow together.
        self.blocks: list[tuple[np.ndarray, np.ndarray]] = []
        for size in np.unique(sizes):
            alike = np.flatnonzero(sizes == size)
            alike = alike[np.argsort(self.ones[alike], kind="stable")]
            most = max(1, AT_ONCE // ((size + 1) * max(x.shape[1], 1) ** 2))
            for start in range(0, len(alike), most):
                some = alike[start : start + most]
                self.blocks.append((some, rows[first[some, None] + np.arange(size)]))

    def loglike(self, estimates: np.ndarray) -> float:
        """Minus infinity where the estimates are so large that other choices weigh nothing."""
        predictor = self.x @ estimates
        height = float((self.observed @ estimates).sum())
        for families, rows in self.blocks:
            weight, largest = relative(predictor[rows])
            ones = self.ones[families]
            sums = np.zeros((len(families), ones.max() + 1))
            sums[:, 0] = 1
            for own in weight.T:
                sums[:, 1:] += own[:, None] * sums[:, :-1]
            whole = sums[np.arange(len(ones)), ones]
            if not (whole > 0).all():
                return -np.inf
            height -= float(np.log(whole).sum() + ones @ largest)
        return height

    def score(self, estimates: np.ndarray) -> np.ndarray:
        """The first derivatives (K,)."""
        return self.score_obs(estimates).sum(axis=0)

    def score_obs(self, estimates: np.ndarray) -> np.ndarray:
        """The first derivatives of each family; (families, K)."""
        return self.derivatives(estimates)[0]

    def hessian(self, estimates: np.ndarray) -> np.ndarray:
        """The second derivatives (K, K)."""
        return self.derivatives(estimates)[1]

    def derivatives(self, estimates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first (families, K) and the sum of the second ones (K, K)."""
        predictor, k = self.x @ estimates, self.x.shape[1]
        scores, hessian = self.observed.copy(), np.zeros((k, k))
        for families, rows in self.blocks:
            weight, _ = relative(predictor[rows])
            ones = self.ones[families]
            degree = ones.max() + 1
            sums = np.zeros((len(families), degree))
            sums[:, 0] = 1
            first = np.zeros((len(families), degree, k))
            second = np.zeros((len(families), degree, k, k))
            for place, own in enumerate(weight.T):
                x, by_one = self.x[rows[:, place]][:, None, :], own[:, None]
                outer = first[:, :-1, :, None] * x[..., None, :]
                outer += outer.transpose(0, 1, 3, 2).copy()
                outer += sums[:, :-1, None, None] * (x[..., None] * x[..., None, :])
                second[:, 1:] += by_one[..., None, None] * (second[:, :-1] + outer)
                first[:, 1:] += by_one[..., None] * (first[:, :-1] + sums[:, :-1, None] * x)
                sums[:, 1:] += by_one * sums[:, :-1]
            own = np.arange(len(ones)), ones
            mean = first[own] / sums[own][:, None]
            scores[families] -= mean
            hessian -= (second[own] / sums[own][:, None, None]).sum(axis=0) - mean.T @ mean
        return scores, hessian


def relative(predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """exp of predictors (families, members) over each family's largest, and these (families,)."""
    largest = predictor.max(axis=1)
    return np.exp(predictor - largest[:, None]), largest


def solve_conditional_logit(design: Design, equation: Equation, convention: Convention) -> Solution:
    """Logit conditional on the number of ones in each family (the one fixed effect).

    Robust errors are those of families; clusters must contain them.
    """
    design = scaled_to_variance_one(design)
    family = design.fixed_effects[:, 0]
    columns = independent_columns(design.x, family)
    largest = int(np.bincount(family).max())
    if largest > LARGEST_FAMILY:
        raise EstimationError(
            f"conditional_logit takes families of {LARGEST_FAMILY} rows, not {largest}"
        )
    if not len(columns):
        raise NotIdentified(f"{equation.formula}: no term varies within families")
    clusters = design.clusters[np.unique(family, return_index=True)[1]]
    if (clusters[family] != design.clusters).any():
        raise EstimationError("clusters of a conditional_logit must contain its families")
    model = ConditionalLikelihood(design.outcome, design.x[:, columns], family)
    top = top_of(model, np.zeros(len(columns)))
    return solution_at(top, model, design, columns, clusters, equation, convention)

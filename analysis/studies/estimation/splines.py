"""Dose and response as a curve: a natural cubic spline whose coefficients are its heights.

The basis is cardinal: each function is one at its own knot and zero at the others. So the
coefficient of a knot is the height of the curve there against the first knot, at zero, which fixed
effects absorb; nothing has to be worked out from it. Between knots the curve is cubic, beyond the
last one straight. Counts enter as ln(1 + count), and knots are fixed, so that landings can be
compared.
"""

from collections.abc import Mapping

import numpy as np
from scipy.interpolate import CubicSpline


def natural_spline(counts: np.ndarray, knots: Mapping[str, float]) -> dict[str, np.ndarray]:
    """The basis functions of the `knots`, counts above 0 by their names, at counts (n,); (n,) each.

    A count that is NaN gives NaN.
    """
    places = np.log1p(np.array([0.0, *knots.values()]))
    basis = CubicSpline(places, np.eye(len(places)), bc_type="natural")
    at = np.log1p(counts)
    beyond = np.maximum(at - places[-1], 0)
    values = basis(at - beyond) + beyond[:, None] * basis(places[-1], 1)
    return dict(zip(knots, values.T[1:], strict=True))


def knots_within(counts: np.ndarray, knots: Mapping[str, float], fewest: int) -> dict[str, float]:
    """The knots that at least `fewest` of the counts (n,) reach: the others would be guesses."""
    return {name: knot for name, knot in knots.items() if (counts >= knot).sum() >= fewest}

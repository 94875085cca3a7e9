"""P-values adjusted for how many are looked at.

The primary family (rank and crowding in the headlines) by Holm, which bounds the chance of any
false rejection; everything else by Benjamini and Hochberg within its study, which bounds their
share.
"""

from __future__ import annotations

from scipy.stats import false_discovery_control

ADJUSTMENTS = {"primary": "holm", "exploratory": "benjamini_hochberg"}


def adjust(rows: list[dict]) -> None:
    """Write `p_adjusted` and `adjustment` into the rows of terms of interest, in place.

    A row's p-value is the jackknife's where there is one. Rows without a p-value, controls, and
    effects on another scale than the coefficient's stay without.
    """
    groups: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        row["p_adjusted"] = row["adjustment"] = None
        if row["is_of_interest"] and row["scale"] == "coefficient" and p_value(row) is not None:
            groups.setdefault((row["study"], row["family"]), []).append(row)
    for (_, family), members in groups.items():
        values = [p_value(row) for row in members]
        adjusted = holm(values) if family == "primary" else false_discovery_control(values)
        for row, value in zip(members, adjusted, strict=True):
            row["p_adjusted"], row["adjustment"] = float(value), ADJUSTMENTS[family]


def p_value(row: dict) -> float | None:
    found = row.get("jackknife_p_value")
    return row.get("p_value") if found is None else found


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down adjusted p-values (Scandinavian Journal of Statistics 1979), in order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, largest = [0.0] * len(p_values), 0.0
    for place, position in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[position]))
        adjusted[position] = largest
    return adjusted

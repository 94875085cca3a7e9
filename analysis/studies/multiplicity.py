"""P-values adjusted for their number.

The primary family (rank and crowding in the headlines) is adjusted by Holm, which bounds the chance
of any false rejection; everything else by Benjamini and Hochberg within its study, which bounds
their share.
"""

from __future__ import annotations

from scipy.stats import false_discovery_control

from analysis.studies.specifications import document

ADJUSTMENTS = {"primary": "holm", "exploratory": "benjamini_hochberg"}


def adjust(rows: list[dict]) -> None:
    """Write `p_adjusted` and `adjustment` into the rows of terms of interest, in place.

    A row's p-value is the jackknife's if there is one. Not adjusted are rows without a p-value,
    controls, effects on another scale than the coefficient's, contrasts of terms that are already
    included, and a coefficient that an earlier specification has on the same rows.
    """
    groups: dict[tuple[str, str], list[tuple[dict, float]]] = {}
    seen: set[tuple] = set()
    for row in rows:
        row["p_adjusted"] = row["adjustment"] = None
        p = p_value(row)
        if not row["is_of_interest"] or row["scale"] != "coefficient" or p is None:
            continue
        if row["term"] in document()["contrasts"] or coefficient(row) in seen:
            continue
        seen.add(coefficient(row))
        groups.setdefault((row["study"], row["family"]), []).append((row, p))
    for (_, family), members in groups.items():
        values = [p for _, p in members]
        adjusted = holm(values) if family == "primary" else false_discovery_control(values)
        for (row, _), value in zip(members, adjusted, strict=True):
            row["p_adjusted"], row["adjustment"] = float(value), ADJUSTMENTS[family]


def coefficient(row: dict) -> tuple:
    """What identifies a coefficient: its rows, its equation, its term."""
    same = ("study", "sample_sql", "formula", "estimator", "fixed_effects", "clusters", "term")
    return tuple(row[name] for name in same)


def p_value(row: dict) -> float | None:
    """The jackknife's p-value of a row if there is one, else the row's own."""
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

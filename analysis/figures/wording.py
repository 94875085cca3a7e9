"""What readers see in tables and figures in place of columns and numbers."""

import math
from numbers import Integral

MINUS = "\N{MINUS SIGN}"

RANK_BINS = {
    "2": "2", "3_5": "3 to 5", "6_10": "6 to 10", "11_20": "11 to 20", "21_50": "21 to 50",
    "51_100": "51 to 100", "101": "101 and later",
}  # fmt: skip

WEEKS = {f"week_minus_{week}": f"{week} weeks before the burst" for week in (2, 3)} | {
    "week_minus_4": "4 weeks before the burst and earlier",
    "week_plus_0": "week of the burst",
    "week_plus_1": "1 week after the burst",
    **{f"week_plus_{week}": f"{week} weeks after the burst" for week in range(2, 8)},
    "week_plus_8": "8 weeks after the burst and later",
}

LABELS = {
    "log_rank": "ln(release rank)",
    "log_rank_same_relation": "ln(release rank within the relation)",
    "release_percentile": "release percentile",
    **{f"rank_{name}": f"release rank {says}" for name, says in RANK_BINS.items()},
    **{f"log_crowd_{days}": f"ln(1 + rivals in {days} days)" for days in (7, 14, 30, 90)},
    **{f"log_lead_{days}": f"ln(1 + rivals in the {days} days after)" for days in (7, 14, 30, 90)},
    "log_crowd_30_same_relation": "ln(1 + rivals of the same relation in 30 days)",
    "log_crowd_30_other_relation": "ln(1 + rivals of other relations in 30 days)",
    "log_crowd_30_same_owner": "ln(1 + own earlier entries in 30 days)",
    "log_crowd_30_all_owners": "ln(1 + rivals and own entries in 30 days)",
    "log_crowd_30_models": "ln(1 + rival models in 30 days)",
    "log_crowd_30_not_bulk": "ln(1 + rivals in 30 days without bulk owners)",
    "log_crowd_week": "ln(1 + rivals of the last week)",
    "log_rank_no_racer": "ln(release rank) of those who do not race",
    "log_crowd_30_no_racer": "ln(1 + rivals in 30 days) of those who do not race",
    "no_racer": "does not race",
    "family_log_rank": "mean of the family: ln(release rank)",
    "family_log_crowd_30": "mean of the family: ln(1 + rivals in 30 days)",
    "family_log_age": "mean of the family: ln(age in days)",
    "log_queue_7": "ln(1 + queued events of bulk owners in the 7 days before)",
    "log_queue_lead_7": "ln(1 + queued events of bulk owners in the 7 days after)",
    "is_base_release_weekend": "base released at a weekend",
    "base_release_hour_sine": "hour of the base's release (sine)",
    "base_release_hour_cosine": "hour of the base's release (cosine)",
    "potential_x_non_racer": "percentile of the base's potential, of those who do not race",
    "benchmark_score": "benchmark score",
    **WEEKS,
    "is_bulk_owner": "bulk owner",
    "is_same_owner": "owner of the base",
    "is_early": "among the first three",
    "log_rank_gap": "gap of ln(release rank)",
    "is_second": "second of a pair",
    "log_lag": "ln(1 + lag in days)",
    "log_lag_exact": "ln(1 + lag in days, exact dates)",
    "log_size": "ln(parameters)",
    "size_unknown": "size unknown",
    "log_owner_releases": "ln(1 + owner's earlier releases)",
    "log_base_owner_releases": "ln(1 + base owner's earlier releases)",
    "log_owner_derivatives_elsewhere": "ln(1 + built on the owner's models elsewhere)",
    "log_base_owner_derivatives_elsewhere": "ln(1 + built on the base owner's other models)",
    "log_entries_elsewhere_30": "ln(1 + entries at other bases in 30 days)",
    "log_owner_likes_at_entry": "ln(1 + owner's likes before the entry)",
    "log_base_likes_at_entry": "ln(1 + base's likes before the entry)",
    "log_base_downloads_at_entry": "ln(1 + base's downloads before the entry)",
    "log_base_downloads_all_time_at_entry": "ln(1 + base's all-time downloads before the entry)",
    "base_record": "built on the base owner's other models, less the mean",
    "log_rank_x_base_record": "ln(release rank) x built on the base owner's other models",
    "log_crowd_30_x_base_record": "ln(1 + rivals) x built on the base owner's other models",
    "base_likes_centred": "base's likes before the entry, less the mean",
    "log_rank_x_base_likes": "ln(release rank) x base's likes before the entry",
    "log_crowd_30_x_base_likes": "ln(1 + rivals) x base's likes before the entry",
    "owner_record": "built on the owner's models, less the mean",
    "log_rank_x_owner_record": "ln(release rank) x built on the owner's models",
    "log_crowd_30_x_owner_record": "ln(1 + rivals) x built on the owner's models",
    "crowd_1": "1 rival",
    "crowd_2_5": "2 to 5 rivals",
    "crowd_6_10": "6 to 10 rivals",
    "crowd_11_20": "11 to 20 rivals",
    "crowd_21_50": "21 to 50 rivals",
    "crowd_51_100": "51 to 100 rivals",
    "crowd_101": "more than 100 rivals",
    **{f"crowd_at_{rivals}": f"curve at {rivals} rivals" for rivals in (3, 10, 30, 100)},
    "to_90_days": "from 30 days to 90",
    "to_180_days": "from 30 days to 180",
    "to_365_days": "from 30 days to 365",
    "log_window": "ln(window / 30 days)",
    "log_window_x_size": "ln(window / 30 days) x ln(parameters)",
    "log_window_x_size_unknown": "ln(window / 30 days) x size unknown",
    "log_window_x_finetune": "ln(window / 30 days) x finetune",
    "log_window_x_merge": "ln(window / 30 days) x merge",
    "log_window_x_unknown": "ln(window / 30 days) x relation unknown",
    "log_base_likes_now": "ln(1 + base's likes at the snapshot)",
    "log_owner_models_now": "ln(1 + owner's models at the snapshot)",
    "log_age": "ln(age in days)",
    "earliness": "place in the race, normal score",
    "log_entries_in_month": "ln(base's entries in the month)",
    "log_age_now": "ln(age in days at the snapshot)",
    "age_bin": "age in 40 bins",
    "log_size_squared": "ln(parameters), squared",
    "base_potential_percentile": "predicted potential of the base, percentile",
    "base_potential_rank": "rank of the base's predicted potential",
    "races": "races",
    "potential_x_races": "predicted potential x races",
    "is_raced_7": "another owner within 7 days after",
    "late_and_crowded": "rank 50 and 30 rivals against rank 1 and none",
    "log_in_degree": "ln(1 + takers in the window)",
    "log_in_degree_after": "ln(1 + children outside the window)",
    "is_finetune": "finetune",
    "is_adapter": "adapter",
    "is_merge": "merge",
    "is_unknown": "relation unknown",
    "is_first": "first",
    "quarter_number": "quarter (linear)",
    "parent_id": "base",
    "owner": "owner",
    "relation": "relation",
    "relation_library": "relation x library",
    "task": "task",
    "month": "month",
    "week": "week",
    "quarter": "quarter",
    "set_id": "matched set",
    "pair_id": "pair",
    "base_month": "base x month",
    "base_week": "base x week",
    "child_id": "entrant",
    "model_id": "model",
    "base_interval": "base x interval",
    "root_id": "family",
    "first_parent_id": "parent",
    "parent_quarter": "parent x quarter",
    "ols": "OLS",
    "logit": "logit",
    "poisson": "Poisson",
    "fractional_logit": "fractional logit",
    "conditional_logit": "conditional logit",
    "negative_binomial": "negative binomial",
    "iv": "two-stage least squares",
    "cox": "Cox",
}


def label(name: str) -> str:
    """A readable label for a column or an estimator; its own name if there is none."""
    return LABELS.get(name, name)


def parts(text: str | None) -> list[str]:
    """The columns in a text such as "parent_id + month", whatever the spaces."""
    return [part.strip() for part in (text or "").split("+") if part.strip()]


def number(value: float | None, digits: int = 3) -> str:
    """A number with thousands separators and a true minus sign; empty for None.

    Whole numbers have no decimals; others have `digits`, or two significant digits where `digits`
    would show nothing but zeros.
    """
    if value is None:
        return ""
    if isinstance(value, Integral):
        text = f"{value:,}"
    elif value != 0 and abs(value) < 10 ** (1 - digits):
        text = f"{value:#.2g}"
    else:
        text = f"{value:,.{digits}f}"
    return text.replace("-", MINUS)


def rounded(value: float, digits: int) -> str:
    """A number to `digits` decimals, however small, with a true minus sign and no minus zero."""
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """A share in per cent; empty for None."""
    return "" if share is None else f"{rounded(100 * share, digits)} %"


def share_in_words(per_cent: float, digits: int) -> str:
    """A percentage that is not rounded to 0 or 100 unless it is exactly that."""
    step = 10.0**-digits
    if 0 < per_cent < step / 2:
        return f"under {rounded(step, digits)} %"
    if 100 - step / 2 <= per_cent < 100:
        return f"over {rounded(100 - step, digits)} %"
    return f"{rounded(per_cent, digits)} %"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """An interval in square brackets; empty if an end is None."""
    if low is None or high is None:
        return ""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def digits_between(low: float, high: float) -> int:
    """How many decimals an interval deserves: so that it spans at least four steps."""
    width = high - low
    if not width > 0 or width == float("inf"):
        return 1
    return min(6, max(0, math.ceil(-math.log10(width / 4))))


def with_interval(
    value: float | None, low: float | None, high: float | None, unit: str = ""
) -> str:
    """A number with its interval, its digits by the width: "28 % (15 to 46)" or "(no interval)"."""
    if value is None:
        return ""
    if low is None or high is None:
        return f"{rounded(value, 0 if abs(value) >= 100 else 1)}{unit} (no interval)"
    digits = digits_between(low, high)
    return f"{rounded(value, digits)}{unit} ({rounded(low, digits)} to {rounded(high, digits)})"


def shortened(text: str, length: int = 34) -> str:
    """A label on one line, with an ellipsis in place of its end if it is too long."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= length else text[: length - 3] + "..."

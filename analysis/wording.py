"""What readers see in tables and figures in place of columns and numbers."""

from numbers import Integral

MINUS = "\N{MINUS SIGN}"

LABELS = {
    "log_rank": "ln(release rank)",
    **{f"log_crowd_{days}": f"ln(1 + rivals in {days} days)" for days in (7, 14, 30, 90)},
    **{f"log_lead_{days}": f"ln(1 + rivals in the {days} days after)" for days in (7, 14, 30, 90)},
    "log_crowd_30_same_relation": "ln(1 + rivals of the same relation in 30 days)",
    "log_crowd_30_other_relation": "ln(1 + rivals of other relations in 30 days)",
    "log_crowd_30_same_owner": "ln(1 + own earlier entries in 30 days)",
    "log_rank_gap": "gap of ln(release rank)",
    "is_second": "second of a pair",
    "log_lag": "ln(1 + lag in days)",
    "log_size": "ln(parameters)",
    "size_unknown": "size unknown",
    "log_owner_releases": "ln(1 + owner's earlier releases)",
    "log_base_owner_releases": "ln(1 + base owner's earlier releases)",
    "log_base_likes_now": "ln(1 + base's likes at the snapshot)",
    "log_owner_models_now": "ln(1 + owner's models at the snapshot)",
    "log_age": "ln(age in days)",
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
    "base_month": "base x month",
    "base_week": "base x week",
    "child_id": "entrant",
    "base_interval": "base x interval",
    "root_id": "family",
    "first_parent_id": "parent",
    "parent_quarter": "parent x quarter",
    "ols": "OLS",
    "poisson": "Poisson",
    "fractional_logit": "fractional logit",
    "conditional_logit": "conditional logit",
    "negative_binomial": "negative binomial",
    "iv": "two-stage least squares",
}


def label(name: str) -> str:
    """What readers call a column or an estimator; its own name where nothing better is known."""
    return LABELS.get(name, name)


def parts(text: str | None) -> list[str]:
    """The columns that a text such as "parent_id + month" joins, whatever the spaces."""
    return [part.strip() for part in (text or "").split("+") if part.strip()]


def number(value: float | None, digits: int = 3) -> str:
    """A number with thousands apart and a true minus; empty for None.

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
    """A number to `digits` decimals, however small, with a true minus and no minus zero."""
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """A share in per cent; empty for None."""
    return "" if share is None else f"{rounded(100 * share, digits)} %"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """Both ends in square brackets; empty where one is None."""
    if low is None or high is None:
        return ""
    return f"[{number(low, digits)}, {number(high, digits)}]"

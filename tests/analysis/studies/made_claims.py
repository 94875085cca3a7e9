"""A claim, an estimate that it is judged by, and the verdict on a number."""

from analysis.studies import claims, judging

NO_RESULTS = claims.Results((), ())


def estimate_row(name="RR28", term="log_rank", estimate=-0.4, low=-0.6, high=-0.2, **further):
    return {
        "specification_id": name, "term": term, "scale": "coefficient", "estimator": "poisson",
        "estimate": estimate, "standard_error": 0.1, "interval_low": low, "interval_high": high,
        "p_value": 0.0001, "n_used": 500, "n_clusters": 40, "effective_clusters_outcome": 20.0,
    } | further  # fmt: skip


def results(*rows, status=()):
    return claims.Results(rows, list(status))


TEST = {
    "choice": "rank",
    "specification": "RR28",
    "term": "log_rank",
    "claimed": {"less": 0},
    "smallest": {"change": "rank doubled", "by": 0.6931, "effect": 0.1, "of": "likes"},
}


def claim_of(name="B1", family="racing", test=TEST):
    return {"claim_id": name, "family": family, "test": test}


def verdict_of(measure, claim=None, target=None):
    claim = claim or claim_of()
    target = target or claims.target_of(claim["test"], NO_RESULTS)
    return judging.concluded([claim], {"B1": measure}, {"B1": target}, NO_RESULTS)["B1"]

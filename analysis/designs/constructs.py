"""Hill & Stein's constructs, theirs and ours, side by side (econometric design 6.6).

Hill & Stein, Race to the Bottom: Competition and Quality in Science, QJE 140(2), 2025.
"""

from __future__ import annotations

CONSTRUCTS = (
    {
        "construct": "project",
        "there": "a protein structure",
        "here": "an entrant: a derivative of a base",
        "columns": ("parent_id", "child_id"),
        "caveat": "many derivatives are automatic conversions",
    },
    {
        "construct": "potential",
        "there": "citations predicted from traits known before work began",
        "here": "derivatives of the base predicted from traits known at its release, out of fold",
        "columns": ("base_potential", "base_potential_percentile"),
        "caveat": "likes of the base now are an outcome of the race, not its potential",
    },
    {
        "construct": "naive potential",
        "there": "not used",
        "here": "likes and downloads of the base at the snapshot",
        "columns": ("log_base_likes_now", "log_base_downloads_now"),
        "caveat": "post-treatment: they grow because of derivatives; shown under that label",
    },
    {
        "construct": "potential at entry",
        "there": "not used",
        "here": "derivatives of the base before this one",
        "columns": ("log_base_children",),
        "caveat": "known at entry, but another name of the release rank",
    },
    {
        "construct": "competition",
        "there": "teams depositing similar structures within a window",
        "here": "entrants of other owners in the days before, of the base or of base and relation",
        "columns": ("log_crowd_30", "log_crowd_30_same_relation"),
        "caveat": "seen at once by everybody here, hidden until deposit there",
    },
    {
        "construct": "maturation",
        "there": "time from data to deposit",
        "here": "release of the base to release of the entrant",
        "columns": ("lag_days", "log_lag"),
        "caveat": "a release lag: late is not matured; collinear with exposure within a base",
    },
    {
        "construct": "priority",
        "there": "who deposits first",
        "here": "place of the release event in the base's race",
        "columns": ("release_event_rank", "log_rank", "is_first"),
        "caveat": "order of repositories, not of launches",
    },
    {
        "construct": "quality",
        "there": "objective measures of a structure",
        "here": "benchmark score",
        "columns": ("benchmark_score",),
        "caveat": "missing for most, and those measured are selected",
    },
    {
        "construct": "priority reward",
        "there": "citations that a second team loses",
        "here": "likes and downloads at a fixed age, by order",
        "columns": ("likes_at_30d", "likes_at_90d", "likes", "downloads_all_time"),
        "caveat": "counters add up with age, and automated traffic is in them",
    },
    {
        "construct": "non-racers",
        "there": "structural-genomics centres",
        "here": "bulk owners, and owners who build on their own base",
        "columns": ("is_bulk_owner", "is_same_owner", "is_non_racer"),
        "caveat": "whether every month has some must be looked at",
    },
)


def construct_table() -> list[dict[str, str]]:
    """One row per construct, every value text: construct, there, here, columns, caveat.

    `columns` are names of the view `entrants` or of the table `potential`, with commas.
    """
    return [row | {"columns": ", ".join(row["columns"])} for row in CONSTRUCTS]

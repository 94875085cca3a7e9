"""Hill & Stein's constructs, theirs and ours, side by side.

Hill & Stein, Race to the Bottom: Competition and Quality in Science, QJE 140(2), 2025; pages
are the journal's.
"""

from __future__ import annotations

# `their_page` is where theirs is defined, empty where it was not noted. `columns` are names of the
# view `entrants` or of the table `potential`; empty where nothing measures the construct.
CONSTRUCTS: tuple[dict[str, str], ...] = (
    {
        "construct": "project",
        "there": "a new protein structure: the first one released among its like",
        "their_page": "",
        "here": "an entrant, a derivative of a base; in equations that begin with first_ the first "
        "entrant of its base",
        "columns": "parent_id, child_id, is_first",
        "caveat": "many derivatives are automatic conversions",
    },
    {
        "construct": "potential",
        "there": "the percentile of citations predicted from traits known before work began",
        "their_page": "1140-1141",
        "here": "the percentile of the base's derivatives by other owners in 90 days, predicted "
        "from traits known at its release, out of fold",
        "columns": "base_potential_percentile, base_potential_rank",
        "caveat": "the reward is predicted there, how many come is here: that potential "
        "draws entrants is close to what it is made of; likes of the base now are an outcome",
    },
    {
        "construct": "naive potential",
        "there": "not used",
        "their_page": "",
        "here": "likes and downloads of the base at the snapshot",
        "columns": "log_base_likes_now, log_base_downloads_now",
        "caveat": "post-treatment: they grow because of derivatives; shown under that label",
    },
    {
        "construct": "potential at entry",
        "there": "not used",
        "their_page": "",
        "here": "derivatives of the base before this one",
        "columns": "log_base_children",
        "caveat": "known at entry, but another name of the release rank",
    },
    {
        "construct": "competition",
        "there": "a priority race or none: the loser had deposited when the winner was released",
        "their_page": "1132-1133",
        "here": "of a first entrant, whether another owner released within 7 days after; of every "
        "entrant, release events of other owners in the 30 days before",
        "columns": "is_raced_7, log_crowd_30, log_crowd_30_same_relation",
        "caveat": "seen at once by everybody here, hidden until release there; the count before is "
        "0 for a first entrant by construction",
    },
    {
        "construct": "investment",
        "there": "number of authors of the structure and of its paper",
        "their_page": "1130",
        "here": "not measured: the listing names an owner, not how many people worked",
        "columns": "",
        "caveat": "the size of a model says what it costs to run, not how many made it",
    },
    {
        "construct": "maturation",
        "there": "years from the collection of data to deposit",
        "their_page": "1130-1131",
        "here": "release of the base to release of the entrant",
        "columns": "lag_days, log_lag",
        "caveat": "a release lag: late is not matured; collinear with exposure within a base; the "
        "first of many is early by arithmetic",
    },
    {
        "construct": "priority",
        "there": "who is released first",
        "their_page": "",
        "here": "place of the release event in the base's race",
        "columns": "release_event_rank, log_rank, is_first",
        "caveat": "order of repositories, not of launches",
    },
    {
        "construct": "quality",
        "there": "a standardised sum of three standardised measures of the structure",
        "their_page": "1130",
        "here": "benchmark score; recognition (likes) apart from it",
        "columns": "benchmark_score, likes",
        "caveat": "missing for most, and those measured are selected; recognition is not quality",
    },
    {
        "construct": "priority reward",
        "there": "citations that a second team loses",
        "their_page": "",
        "here": "likes and downloads at a fixed age, by order",
        "columns": "likes_at_30d, likes_at_90d, likes, downloads_all_time",
        "caveat": "counters add up with age, and automated traffic is in them",
    },
    {
        "construct": "those who do not race",
        "there": "structural genomics, whose job rewards no priority: left out of the main form",
        "their_page": "",
        "here": "bulk owners, and owners who build on their own base: left out of the main form",
        "columns": "is_bulk_owner, is_same_owner, races",
        "caveat": "whether every month has some must be looked at",
    },
    {
        "construct": "instruments for competition",
        "there": "a human protein; potential itself, with a warning",
        "their_page": "",
        "here": "potential alone, for discussion",
        "columns": "base_potential_percentile",
        "caveat": "potential moves lag and quality by other ways too; no trait of a base stands "
        "for a human protein",
    },
)

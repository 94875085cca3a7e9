"""Every figure: those of the studies, those of the marts, those of one family."""

from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd

from analysis.figures import conclusions, descriptions
from analysis.figures.charts import (
    of_disruption,
    of_estimates,
    of_evidence,
    of_inheritance,
    of_lineage,
    of_one_family,
    of_recognition,
)
from analysis.figures.figure import Figure
from analysis.figures.wording import number, shortened

DAYS_90 = "window of 90 days"

FEWEST = "months below 30 models are not drawn"
CLUSTERED = "95 % intervals over families, none below ten"

ORIENTED = " Negative: less for later entrants, whatever measures order."

CURVES = (
    ("order", "order of release", "recognition", "order", ORIENTED),
    ("crowding", "crowding", "recognition", "crowding", ""),
    ("size", "size and disruption", "disruption", "size", ""),
    ("finetune", "finetuning and disruption", "disruption", "finetune", ""),
    ("order_by_data", "order of release, by data", "data", "log_rank", ""),
    ("crowding_by_data", "crowding, by data", "data", "log_crowd_30", ""),
    ("size_by_data", "size and disruption, by data", "data", "log_size", ""),
    ("finetune_by_data", "finetuning and disruption, by data", "data", "is_finetune", ""),
)
"""Curves: end of the name, title, curve and term in curve.parquet, and a note on the sign."""

STUDIES = (
    ("racing", "RR", "Racing to Release"),
    ("disruption", "DM", "Identifying Disruptive Models"),
)
"""Studies: name, first letters of the ids of their specifications, title."""


def first_of(column: str) -> Callable[[pd.DataFrame], int]:
    """Counts by a column that is the same in every row."""
    return lambda frame: int(frame[column].iloc[0])


def by_month(
    name: str,
    title: str,
    *,
    unit: str,
    filter: str,
    needs: str,
    reads: tuple[str, ...] = ("hub_models",),
    conclude: Callable[[pd.DataFrame], str] = conclusions.leader,
    draw: Callable[[pd.DataFrame], alt.TopLevelMixin] | None = None,
    describe: Callable[[pd.DataFrame], str] = descriptions.shares_by_month,
) -> Figure:
    """A figure with a panel per series and a point per month of release.

    Its query gives panels of shares, unless `draw` draws something else.
    """
    query, preludes = (name, ()) if draw else ("shares_by_month", (name,))
    return Figure(
        name=name,
        title=f"{title}, by month of release",
        reads=(*reads, "disruption_panel"),
        conclude=conclude,
        draw=draw or of_lineage.monthly(unit),
        count=n_by_month,
        unit=unit,
        filter=f"{filter}; {CLUSTERED}; {FEWEST}.",
        describe=describe,
        needs=needs,
        mark="value",
        preludes=("intervals", *preludes),
        query_name=query,
    )


def n_by_month(frame: pd.DataFrame) -> int:
    """The models of the months drawn, each month counted once."""
    known = frame.dropna(subset="value").drop_duplicates("month")
    return int(known.n.sum())


def total(column: str) -> Callable[[pd.DataFrame], int]:
    """Counts by the sum of a column."""
    return lambda frame: int(frame[column].sum())


def highest(column: str) -> Callable[[pd.DataFrame], int]:
    """Counts by the highest value of a column."""
    return lambda frame: int(frame[column].max())


def joint_test(frame: pd.DataFrame) -> str:
    """The joint test of a curve in words; empty if there is none."""
    found = frame.iloc[0]
    if pd.isna(found.p_median):
        return ""
    return (
        f"Joint test of {number(int(found.n_tested))} combinations against "
        f"{number(int(found.n_draws))} curves by chance: p = {number(found.p_median)} (median), "
        f"{number(found.p_sign)} (share of one sign), {number(found.p_significant)} (share "
        "significant in it)."
    )


def of_whom(frame: pd.DataFrame) -> str:
    """Which models are labelled, if that was stated."""
    population = frame.population.iloc[0]
    return f"Labelled: {population}." if isinstance(population, str) and population else ""


STUDY_FIGURES = (
    Figure(
        name="mdi_distribution",
        title="Distribution of the disruption index",
        reads=("disruption_panel", "hub_models"),
        conclude=conclusions.distribution,
        draw=of_disruption.mdi_distribution,
        count=lambda frame: int(frame.groupby("focals").n_focals.first().sum()),
        unit="focals",
        filter=f"Focals with a known date and a closed {DAYS_90}; {CLUSTERED}.",
        describe=descriptions.distribution,
        needs="a focal with a known date and a closed window",
        mark="share",
        preludes=("intervals",),
    ),
    Figure(
        name="mdi_by_relation_and_size",
        title="Mean disruption index by relation and size",
        reads=("disruption_panel",),
        conclude=conclusions.extremes(
            "mean_mdi",
            "The index differs by relation and size: from {} to {}",
            "No relation or size can be told apart by its mean index",
        ),
        draw=of_disruption.mdi_by_relation_and_size,
        count=total("n"),
        unit="focals (right of each row)",
        filter=f"Focals with a defined index, {DAYS_90}; {CLUSTERED}; no mean below 10 focals or "
        "10 families.",
        describe=descriptions.sizes,
        needs="10 focals of 10 families with a defined index in one cell",
        mark="mean_mdi",
        preludes=("intervals",),
    ),
    Figure(
        name="disruptive_share_over_time",
        title="Share of disruptive models by month of release",
        reads=("disruption_panel",),
        conclude=conclusions.share_over_time,
        draw=of_disruption.disruptive_share_over_time,
        count=lambda frame: int(frame[frame.focals == "all relations"].n.sum()),
        unit="focals (bars)",
        filter=f"Focals with a defined index, {DAYS_90}; {CLUSTERED}; months below 30 focals are "
        "not drawn; shaded: months with open windows.",
        describe=descriptions.months,
        needs="a month with 30 focals whose index is defined",
        mark="share",
        preludes=("intervals",),
    ),
    Figure(
        name="disruptive_share_by_window",
        title="Share of disruptive models by length of the window",
        reads=("disruption", "disruption_panel", "hub_models"),
        conclude=conclusions.share_by_window,
        draw=of_disruption.disruptive_share_by_window,
        count=lambda frame: int(frame[frame.focals == "all defined in the window"].n.max()),
        unit="focals in the largest window (above each point)",
        filter=f"Focals with a closed window and a defined index; {CLUSTERED}; points below 30 "
        "focals are not drawn.",
        describe=descriptions.windows,
        needs="a window with 30 focals whose index is defined",
        mark="share",
        preludes=("intervals",),
    ),
    Figure(
        name="mdi_by_in_degree",
        title="Mean disruption index by number of children",
        reads=("disruption_panel",),
        conclude=conclusions.index_by_children,
        draw=of_disruption.mdi_by_in_degree,
        count=total("n"),
        unit="focals",
        filter=f"Focals with a defined index, {DAYS_90}; children at the snapshot; {CLUSTERED}; no "
        "mean below 10 focals or 10 families.",
        describe=descriptions.degrees,
        needs="10 focals of 10 families with a defined index in one bin",
        mark="mean_mdi",
        preludes=("intervals",),
    ),
    Figure(
        name="growth_of_the_largest_family",
        title="Likes of the largest family's models by age",
        reads=("growth_curves", "families", "hub_models"),
        conclude=conclusions.likes_by_age,
        draw=of_recognition.growth_of_the_largest_family,
        count=total("n"),
        unit="models x weeks of age",
        filter="Models with a usable date, at the last snapshot in each week of their age; band: "
        "the middle half; weeks below 10 models are not drawn.",
        describe=descriptions.likes_by_age,
        needs="ten models of one family seen at one age in weeks",
        mark="median_likes",
    ),
    Figure(
        name="recognition_by_release_order",
        title="Recognition by release percentile, net of base and month",
        reads=("recognition_panel",),
        conclude=conclusions.likes_by_order,
        draw=of_recognition.recognition_by_release_order,
        count=lambda frame: int(frame.groupby("outcome").n_outcome.first().max()),
        unit="entrants",
        filter="Main sample, bases with two entrants or more. Both axes net of base and month "
        "effects, plus the overall mean; bins of equal size; 95 % intervals with errors clustered "
        "by base.",
        describe=descriptions.order,
        needs="60 entrants of the main sample that share their base with another",
        preludes=("intervals", "within_base_and_month"),
        mark="mean_recognition",
    ),
    Figure(
        name="recognition_by_order_and_crowding",
        title="Recognition by release percentile and crowding",
        reads=("recognition_panel",),
        conclude=conclusions.extremes(
            "mean_recognition",
            "Order and crowding together tell entrants apart: from {} to {}",
            "No order and crowding can be told apart by recognition",
        ),
        draw=of_recognition.recognition_by_order_and_crowding,
        count=total("n"),
        unit="entrants",
        filter="Main sample, bases with two entrants or more. Each cell: mean net of base and "
        "month effects, 95 % interval with errors clustered by base, N; below 30 entrants blank; "
        "rivals: release events of other owners.",
        describe=descriptions.heatmap,
        needs="a cell with 30 entrants of the main sample that share their base with another",
        preludes=("intervals", "within_base_and_month"),
        mark="mean_recognition",
    ),
    Figure(
        name="recognition_by_rank_bin",
        title="Likes by release rank, against the first entrant",
        reads=("estimates",),
        conclude=conclusions.likes_by_rank,
        draw=of_estimates.recognition_by_rank_bin,
        count=highest("n_used"),
        unit="entrants at most",
        filter="Main sample, specification RR12.bins (Poisson); 95 % intervals with errors "
        "clustered by base.",
        describe=descriptions.points("Dot plot of coefficients by release rank", "rank_bin"),
        needs="an estimate of RR12.bins",
        mark="interval_low",
    ),
    Figure(
        name="recognition_by_crowding",
        title="Likes by crowding, against entrants without a rival",
        reads=("estimates",),
        conclude=conclusions.likes_by_rivals,
        draw=of_estimates.recognition_by_crowding,
        count=highest("n_used"),
        unit="entrants at most",
        filter="Main sample, specification RR26 (Poisson); rivals: release events of other owners "
        "in the 30 days before; 95 % intervals with errors clustered by base.",
        describe=descriptions.points("Dot plot of coefficients by rivals", "rivals"),
        needs="an estimate of RR26",
        mark="interval_low",
    ),
    Figure(
        name="coefficients_racing",
        title="Order and crowding: main specifications",
        reads=("estimates",),
        conclude=conclusions.coefficients,
        draw=of_estimates.coefficients,
        count=highest("n_used"),
        unit="entrants at most (each at its row)",
        filter="Counts and logarithms as outcomes; errors clustered by base; an arrow head marks "
        "an interval that goes on.",
        describe=descriptions.coefficients,
        needs="an estimated main specification of Racing to Release",
        mark="estimate",
        query_name="coefficients",
        variables={"study_name": "racing"},
    ),
    Figure(
        name="coefficients_disruption",
        title="Size and finetuning: main specifications",
        reads=("estimates",),
        conclude=conclusions.coefficients,
        draw=of_estimates.coefficients,
        count=highest("n_used"),
        unit="focals at most (each at its row)",
        filter="Linear coefficients, and average marginal effects of logits, in points; errors "
        "clustered by family or parent; an arrow head marks an interval that goes on.",
        describe=descriptions.coefficients,
        needs="an estimated main specification of the disruption study",
        mark="estimate",
        query_name="coefficients",
        variables={"study_name": "disruption"},
    ),
    *(
        Figure(
            name=f"specification_curve_{name}",
            title=f"Specification curve: {title}",
            reads=("curve", "curve_inference"),
            conclude=conclusions.curve,
            draw=of_estimates.specification_curve,
            count=first_of("n_specifications"),
            unit="specifications",
            filter=f"Estimates and 95 % intervals (clustered) in standard errors, in order; below, "
            f"what each chose, levels by their median.{orientation}",
            describe=descriptions.curve,
            needs=f"two estimated specifications of the {curve} curve",
            mark="height",
            query_name="specification_curve",
            variables={"curve_name": curve, "term_name": term},
            note=joint_test,
        )
        for name, title, curve, term, orientation in CURVES
    ),
    Figure(
        name="likes_around_a_burst",
        title="Likes gained around a burst of entry",
        reads=("estimates",),
        conclude=conclusions.weeks_of_a_burst,
        draw=of_estimates.likes_around_a_burst,
        count=highest("n_used"),
        unit="models x intervals",
        filter="Specification RR20 (Poisson, entrant and base x interval effects), against the "
        "week before the burst; 95 % intervals with errors clustered by base.",
        describe=descriptions.points("Dot plot of coefficients by week", "week"),
        needs="an estimate of RR20, which needs several snapshots a week or so apart",
        mark="interval_low",
    ),
    *(
        Figure(
            name=f"calibration_{study}",
            title=f"Calibration of {title}",
            reads=("calibration",),
            conclude=conclusions.calibration,
            draw=of_estimates.calibration,
            count=highest("n_draws"),
            unit="draws of each world",
            filter="Bars: 95 % of what the specification finds where outcomes are drawn anew; "
            "ticks: the truth there; diamonds: the real estimate. At most seven specifications; "
            "the table has all.",
            describe=descriptions.calibration,
            needs=f"a calibrated specification of {title}",
            mark="null_low",
            query_name="calibration",
            variables={"first_letters": letters},
        )
        for study, letters, title in STUDIES
    ),
    Figure(
        name="evidence_by_phase",
        title="Recall and precision of each phase of evidence",
        reads=("evidence",),
        conclude=conclusions.evidence_by_phase,
        draw=of_evidence.evidence_by_phase,
        count=first_of("n_labelled"),
        unit="labelled models (judged: right of each row)",
        filter="Models whose parents somebody has looked up; 95 % intervals over owners, none "
        "below ten.",
        describe=descriptions.evidence_by_phase,
        needs="labelled parents: python -m analysis evidence LABELS",
        mark="value",
        note=of_whom,
    ),
    Figure(
        name="index_under_missing_edges",
        title="Share of disruptive models under missing edges",
        reads=("missing_edges",),
        conclude=conclusions.index_under_missing_edges,
        draw=of_evidence.index_under_missing_edges,
        count=highest("n_observed"),
        unit="focals in the largest window",
        filter="random: each edge hidden by the same chance; labelled: a child hides its edges as "
        "labelled models of its relation do; candidates: shown as often as their score says. Bars "
        "hold 95 % of the draws; dashed: as landed.",
        describe=descriptions.index_under_missing_edges,
        needs="the simulation: python -m analysis missing-edges",
        mark="value",
        note=lambda frame: f"{number(int(frame.n_draws.iloc[0]))} draws of each scenario.",
    ),
)
"""The figures of the studies: on the marts and on the studies' own results."""

MART_FIGURES = (
    Figure(
        name="descent",
        title="Whose models new models descend from",
        reads=("hub_models", "disruption_panel"),
        draw=of_lineage.descent,
        count=first_of("n"),
        unit="models",
        filter="Models of the month with a parent, by the owner of their nearest root, the eight "
        "largest; without those whose root is their own owner's; 95 % intervals over families, "
        "none below ten.",
        describe=descriptions.descent,
        needs="a month with 100 dated models that descend from a model of another owner",
        mark="value",
        preludes=("intervals",),
        conclude=conclusions.leading_owner,
    ),
    Figure(
        name="data_funnel",
        title="What each step keeps",
        reads=("data_funnel", "disruption_panel"),
        conclude=conclusions.funnel,
        draw=of_lineage.data_funnel,
        count=first_of("n_models"),
        unit="landed items",
        filter="Latest complete snapshot; all are counted, so there is no interval.",
        describe=descriptions.funnel,
        needs="a mart data_funnel with rows",
        mark="n_models",
    ),
    by_month(
        "faults_by_month",
        "Coverage and faults of the lineage",
        reads=("hub_models", "lineage_edges", "lineage_rejections"),
        conclude=conclusions.faults,
        unit="models",
        filter="Models with a known date",
        needs="a month with 30 models of known date",
    ),
    by_month(
        "relation_mix",
        "Relations of models with a parent",
        unit="models with a parent",
        filter="Models with a known date",
        needs="a month with 30 models that declare a parent",
    ),
    by_month(
        "root_countries",
        "Countries of the roots of new derivatives",
        conclude=conclusions.countries,
        unit="models below a root",
        filter="Models below a root, with a known date; the country is that of the owner of the "
        "nearest root, as far as landed tables say",
        needs="a table of owners in the landing, and a month with 30 models below a root",
    ),
    by_month(
        "licences_kept",
        "Obligations of the parent's licence in that of the child",
        reads=("licence_changes", "hub_models"),
        conclude=conclusions.obligations,
        unit="edges with known terms",
        filter="Edges with licences at both ends whose obligations the project has a reading of, "
        "which is not legal advice",
        needs="a month with 30 edges of which both licences are known",
    ),
    by_month(
        "parents_per_model",
        "Declared parents per model",
        conclude=conclusions.parents,
        draw=of_lineage.monthly("models with a parent", format=".2f", floor=None),
        unit="models with a parent",
        filter="Models with a parent and a known date",
        describe=descriptions.means_by_month,
        needs="a month with 30 models that declare a parent",
    ),
    Figure(
        name="trait_drift",
        title="How often children differ from their parents",
        reads=("trait_drift", "lineage_edges", "hub_models", "licence_changes", "disruption_panel"),
        conclude=conclusions.trait_drift,
        draw=of_inheritance.trait_drift,
        count=lambda frame: int(frame.groupby("trait").n.sum().max()),
        unit="edges at most (each at its row)",
        filter="Edges of which both ends have the trait; 95 % intervals over families, none below "
        "ten, none for languages; rates below 30 edges are not drawn. Hollow diamonds: the "
        "published rates of finetunes (arXiv 2508.06811, July 2025).",
        describe=descriptions.trait_drift,
        needs="30 edges of which both ends have a trait",
        mark="value",
        preludes=("intervals",),
    ),
    Figure(
        name="time_to_quantization",
        title="Time from a base's release to its quantizations",
        reads=("lineage_edges", "model_metrics", "disruption_panel"),
        conclude=conclusions.time_to_quantization,
        draw=of_inheritance.time_to_quantization,
        count=first_of("n"),
        unit="listed bases with a date",
        filter="Kaplan-Meier: who has fewer by the snapshot is watched for as long as it has been "
        "there; 95 % intervals by Greenwood, bases taken for independent; curves end where fewer "
        "than ten are watched.",
        describe=descriptions.time_to_quantization,
        needs="ten listed bases with a date and a child",
        mark="value",
    ),
    Figure(
        name="base_momentum",
        title="Bases that gain and bases that lose",
        reads=("base_weeks", "disruption_panel"),
        conclude=conclusions.base_momentum,
        draw=of_inheritance.base_momentum,
        count=total("n"),
        unit="new children of the bases drawn (before, then now, at the right)",
        filter="A base's share of all new children in the last 12 complete weeks over that in the "
        "12 before; of bases with a child in or before the first of these weeks, and 20 or more in "
        "all, the twelve with most. 95 % intervals of two Poisson counts.",
        describe=descriptions.base_momentum,
        needs="a base that had a child 24 complete weeks ago or earlier, and 20 since",
        mark="ratio",
    ),
    Figure(
        name="blast_radius",
        title="What stands below models that were deleted or relicensed",
        reads=(
            "snapshot_changes",
            "relicensed_models",
            "lineage_edges",
            "hub_models",
            "families",
            "disruption_panel",
        ),
        conclude=conclusions.blast_radius,
        draw=of_inheritance.blast_radius,
        count=first_of("n_models"),
        unit="models with a child that were deleted or relicensed",
        filter="Between two snapshots; all generations below; the twelve with most. All are "
        "counted, so there is no interval.",
        describe=descriptions.blast_radius,
        needs="two snapshots between which a model with a child was deleted or relicensed",
        mark="n_descendants",
    ),
    Figure(
        name="concentration",
        title="Concentration of derivatives on bases",
        reads=("lineage_edges", "disruption_panel"),
        conclude=conclusions.concentration,
        draw=of_lineage.concentration,
        count=first_of("n_edges_all"),
        unit="edges",
        filter="All edges, all bases with a child; counted in full, so there is no interval.",
        describe=descriptions.lorenz,
        needs="an edge",
        mark="share_of_edges",
    ),
    Figure(
        name="growth_of_families",
        title="Growth of the ten largest families",
        reads=("families", "hub_models", "disruption_panel"),
        conclude=conclusions.growth_of_families,
        draw=of_lineage.growth_of_families,
        count=total("n_new"),
        unit="derivatives",
        filter="Derivatives with a known date, each in the family of its nearest root; counted in "
        "full, so there is no interval. Where the root has no date, weeks run from its first "
        "derivative.",
        describe=descriptions.families,
        needs="a family with a dated derivative",
        mark="n_to_date",
    ),
    Figure(
        name="entry_calendar",
        title="Calendar of entry into the ten most built-upon bases",
        reads=("release_races", "disruption_panel"),
        conclude=conclusions.calendar,
        draw=of_lineage.entry_calendar,
        count=total("n"),
        unit="entrants",
        filter="Entrants after their base, both dates known; the first "
        f"{4 * of_lineage.CALENDAR_MONTHS} weeks are drawn, the CSV holds all. Counts: no "
        "interval.",
        describe=descriptions.calendar,
        needs="an entrant released after its base",
        mark="n",
    ),
)
"""The figures on the marts of the whole landing, which the report draws."""

FIGURES = (*STUDY_FIGURES, *MART_FIGURES)


def family_figures(base: str, slug: str) -> tuple[Figure, ...]:
    """The four figures of one base's family page; `slug` prefixes their files."""
    name = shortened(base, 60)

    def of_family(kind: str, query: str, *, reads: tuple[str, ...] = (), **rest: Any) -> Figure:
        return Figure(
            name=f"{slug}-{kind}",
            query_name=query,
            reads=("lineage_edges", "hub_models", "disruption", *reads, "disruption_panel"),
            preludes=("intervals", "family"),
            variables={"base": base},
            **rest,
        )

    return (
        of_family(
            "tree",
            "family_tree",
            title=f"Descendants of {name} over time",
            conclude=conclusions.family_tree,
            draw=of_one_family.family_tree,
            count=first_of("n_family"),
            unit="descendants",
            filter="Drawn: the base and up to 60 dated descendants, those that most models descend "
            "from first, then those with most likes, each joined to one parent; dashed: further "
            "parents among them. No interval: every model is counted.",
            describe=descriptions.family_tree,
            needs="a dated descendant",
            mark="weeks",
        ),
        of_family(
            "growth",
            "family_growth",
            title=f"Growth of the family of {name}",
            conclude=conclusions.family_growth,
            draw=of_one_family.family_growth,
            count=highest("n_to_date"),
            unit="dated descendants",
            filter="Descendants over all generations, released after the base; counted in full, so "
            "there is no interval.",
            describe=descriptions.family_growth,
            needs="a descendant released after the base",
            mark="n_to_date",
        ),
        of_family(
            "relations",
            "family_relations",
            title=f"Relations in the family of {name}",
            conclude=conclusions.family_relations,
            draw=of_one_family.family_relations,
            count=first_of("n"),
            unit="descendants",
            filter="Each descendant by its relation to the parent it was reached by. No interval: "
            "every descendant is counted, and all are one family.",
            describe=descriptions.family_relations,
            needs="a descendant",
            mark="share",
        ),
        of_family(
            "ranks",
            "family_release_ranks",
            title=f"Likes by release rank among the entrants of {name}",
            reads=("recognition_panel",),
            conclude=conclusions.family_ranks,
            draw=of_one_family.family_release_ranks,
            count=total("n"),
            unit="ranked entrants",
            filter="Children of this base; 95 % intervals by Student's t, none below 5 entrants. "
            f"Hollow on grey: most entrants are younger than {of_one_family.YOUNG_DAYS} days.",
            describe=descriptions.family_ranks,
            needs="an entrant with a rank",
            mark="mean_recognition",
        ),
    )

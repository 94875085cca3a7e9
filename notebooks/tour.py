import marimo

app = marimo.App(width="medium", app_title="hub_lineage: a tour")


@app.cell
def _():
    import sys

    import altair as alt
    import marimo as mo

    # The repository, where the package is not installed.
    sys.path.append(str(mo.notebook_dir().parent))
    import hub_lineage

    return alt, hub_lineage, mo


@app.cell
def _(hub_lineage, mo):
    is_script = mo.app_meta().mode == "script"

    def ask(sql):
        """The rows of a query on the marts in HUB_EXPORTS."""
        return hub_lineage.sql(sql).df()

    def show(text, *tables):
        """A text and tables on the page; in a script's terminal, too."""
        if is_script:
            print(text, *(table.to_string(index=False) for table in tables), "", sep="\n\n")
        return mo.vstack([mo.md(text), *map(mo.plain, tables)])

    try:
        hub_lineage.marts("hub_models")
    except hub_lineage.TableError as error:
        raise SystemExit(f"error: {error}") from None
    return ask, show


@app.cell
def _(ask, show):
    (n_models, n_edges, snapshot) = ask(
        """
        select
            (select count(*) from hub_models) as n_models,
            (select count(*) from lineage_edges) as n_edges,
            (select max(snapshot_id) from model_metrics) as snapshot_id
        """
    ).iloc[0]
    show(
        f"# Who builds on whom: a tour in three questions\n\n"
        f"Snapshot {snapshot}: {n_models:,} models and {n_edges:,} edges. Change a query and run "
        "it: nothing here writes to the tables."
    )
    return n_edges, n_models, snapshot


@app.cell
def _(ask, show):
    families = ask(
        """
        select root_id, n_models, n_owners, max_generation, n_quantized / n_models as quantized
        from families
        order by n_models desc, root_id
        limit 10
        """
    )
    show("## 1. On whom is most built, and how deep does it go?", families)
    return (families,)


@app.cell
def _(ask, show):
    forms = ask(
        """
        with focals as (
            select mdi, mdi_no_k, mdi_bypass, mdi_net
            from disruption
            where window_name = '90d' and is_window_closed and n_parents > 0
        ),

        long as (
            from focals unpivot include nulls (
                value for form in (mdi, mdi_no_k, mdi_bypass, mdi_net)
            )
        )

        select
            form,
            count(*) as n_focals,
            count(value) as n_defined,
            count(*) filter (where value < 0) as n_consolidative,
            count(*) filter (where value = 0) as n_zero,
            count(*) filter (where value > 0) as n_disruptive
        from long
        group by form
        order by form
        """
    )
    show(
        "## 2. Do models change the course, or carry on?\n\n"
        "Focals with a declared parent and a closed window of 90 days. `mdi_bypass` counts those "
        "who pass the focal by as against it: the answer depends on the form.",
        forms,
    )
    return (forms,)


@app.cell
def _(ask, show):
    races = ask(
        """
        select
            parent_id,
            count(*) as n_entrants,
            count(*) filter (where release_lag_days <= 30) as n_in_30_days,
            round(median(release_lag_days), 1) as median_lag_days
        from release_races
        where release_lag_days >= 0
        group by parent_id
        order by n_in_30_days desc, parent_id
        limit 5
        """
    )
    show("## 3. Which races were the most crowded, and how fast did they fill?", races)
    return (races,)


@app.cell
def _(alt, ask, mo, races, snapshot):
    bases = ", ".join("'" + base.replace("'", "''") + "'" for base in races.parent_id)
    entries = ask(
        f"""
        select
            parent_id,
            release_lag_days as days,
            row_number() over (
                partition by parent_id order by release_lag_days, child_id
            ) as n_entrants
        from release_races
        where release_lag_days between 0 and 30 and parent_id in ({bases or "null"})
        order by parent_id, n_entrants
        """
    )
    figure = (
        alt.Chart(entries, title=f"Entrants since the base's release, snapshot {snapshot}")
        .mark_line(interpolate="step-after")
        .encode(
            alt.X("days:Q", title="days since the base was created"),
            alt.Y("n_entrants:Q", title="entrants so far"),
            alt.Color("parent_id:N", title="base"),
        )
        .properties(width=560, height=300)
    )
    mo.vstack([figure])
    return entries, figure


if __name__ == "__main__":
    app.run()

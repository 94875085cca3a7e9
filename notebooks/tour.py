import marimo

app = marimo.App(width="medium", app_title="hub_lineage: a tour")


@app.cell
def _():
    import os
    import re
    from pathlib import Path

    import altair as alt
    import duckdb
    import marimo as mo

    return Path, alt, duckdb, mo, os, re


@app.cell
def _(Path, duckdb, mo, os, re):
    exports = Path(os.environ.get("HUB_EXPORTS", "").strip() or "exports")
    if not (exports / "hub_models.parquet").exists():
        raise SystemExit(f"error: no marts in {exports}: run `make build`, or set HUB_EXPORTS")
    if (exports / ".being_replaced").exists():
        raise SystemExit(f"error: a build did not end in {exports}: run `make build` again")
    others = [path.name for path in exports.glob("*.parquet") if not path.stem.isidentifier()]
    if others:
        raise SystemExit(f"error: {others[0]!r} in {exports} is no mart: move it elsewhere")

    def files_in_sql(file):
        """A file as DuckDB takes it: `[`, `*` and `?` would make its name a pattern for others."""
        name = re.sub(r"([\[*?])", r"[\1]", str(file)).replace("'", "''")
        return f"['{name}']"

    def ask(sql):
        """The rows of a query; each mart is a view on its file, so that nothing is written."""
        with duckdb.connect(config={"threads": 2}) as connection:
            for path in sorted(exports.glob("*.parquet")):
                connection.execute(
                    f'create view "{path.stem}" as from read_parquet({files_in_sql(path)})'
                )
            return connection.execute(sql).df()

    (n_models, n_edges, snapshot) = ask(
        """
        select
            (select count(*) from hub_models) as n_models,
            (select count(*) from lineage_edges) as n_edges,
            (select max(snapshot_id) from model_metrics) as snapshot_id
        """
    ).iloc[0]
    mo.md(
        f"""
        # Who builds on whom: a tour in three questions

        Snapshot {snapshot}: {n_models:,} models and {n_edges:,} edges, read from `{exports.name}`.
        Change a query and run it: nothing here writes to the tables.
        """
    )
    return ask, n_edges, n_models, snapshot


@app.cell
def _(ask, mo):
    families = ask(
        """
        select root_id, n_models, n_owners, max_generation, n_quantized / n_models as quantized
        from families
        order by n_models desc, root_id
        limit 10
        """
    )
    mo.vstack([
        mo.md("## 1. On whom is most built, and how deep does it go?"),
        mo.plain(families),
    ])  # fmt: skip
    return (families,)


@app.cell
def _(ask, mo):
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
    mo.vstack([
        mo.md(
            """
            ## 2. Do models change the course, or carry on?

            Focals with a declared parent and a closed window of 90 days. `mdi_bypass` counts those
            who pass the focal by as against it: the answer depends on the form.
            """
        ),
        mo.plain(forms),
    ])  # fmt: skip
    return (forms,)


@app.cell
def _(ask, mo):
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
    mo.vstack([
        mo.md("## 3. Which races were the most crowded, and how fast did they fill?"),
        mo.plain(races),
    ])  # fmt: skip
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

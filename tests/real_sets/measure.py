"""Print, as Markdown, the tables of docs/real_sets.md for a built database.

HUB_LANDING=... HUB_DATABASE=$TMP/radar.duckdb HUB_EXPORTS=... python build.py
python tests/real_sets/measure.py $TMP/radar.duckdb
"""

import sys

import duckdb

TABLES = {
    "Funnel": """
        select stage, n_models, n_edges from marts.data_funnel order by stage_number
    """,
    "Items not used, latest snapshot": """
        select reason, count(*) as items from marts.landing_rejections
        where snapshot_id = (select max(snapshot_id) from marts.model_metrics)
        group by all order by all
    """,
    "Claims that became no edge": """
        select reason, evidence, count(*) as claims, count(distinct claimed_parent) as texts
        from marts.lineage_rejections group by all order by all
    """,
    "Relations of the edges": """
        select relation, relation_source, count(*) as edges, count(distinct child_id) as children
        from marts.lineage_edges group by relation, relation_source order by edges desc, relation
    """,
    "Ten largest races": """
        select parent_id, any_value(n_entrants) as entrants,
            count(*) filter (is_first) as firsts, count(distinct child_owner) as owners
        from (
            select races.*, models.owner as child_owner from marts.release_races as races
            inner join marts.hub_models as models on races.child_id = models.model_id
        ) group by parent_id order by entrants desc, parent_id limit 10
    """,
    "Focals with a parent and a closed window, 90 days": """
        with focals as (
            select * from marts.disruption
            where window_name = '90d' and n_parents > 0 and is_window_closed
                and coalesce(undefined_reason, '')
                    not in ('creation_date_floor', 'no_creation_date')
        ),
        long as (
            select 'mdi' as index, mdi as value from focals
            union all select 'mdi_bypass', mdi_bypass from focals
        )
        select index, count(*) as focals,
            count(*) filter (value > 0) as disruptive, count(*) filter (value = 0) as zero,
            count(*) filter (value < 0) as consolidative,
            count(*) filter (value is null) as undefined,
            round(100 * disruptive / focals, 2) as disruptive_pct,
            round(100 * zero / focals, 2) as zero_pct,
            round(100 * consolidative / focals, 2) as consolidative_pct,
            round(100 * undefined / focals, 2) as undefined_pct
        from long group by index order by index
    """,
    "All focals, 90 days": """
        select coalesce(undefined_reason, 'defined') as state, count(*) as focals
        from marts.disruption where window_name = '90d' group by state order by focals desc, state
    """,
    "Changes between snapshots": """
        select change, count(*) as changes, count(distinct model_id) as models
        from marts.snapshot_changes group by all order by all
    """,
}


def markdown(names: list[str], rows: list[tuple]) -> str:
    lines = [names, ["---"] * len(names)]
    lines += [["" if v is None else f"{v:,}" if isinstance(v, int) else str(v) for v in row]
              for row in rows]  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(database: str) -> None:
    with duckdb.connect(database, read_only=True) as connection:
        for title, sql in TABLES.items():
            cursor = connection.execute(sql)
            rows = cursor.fetchall()
            if rows:
                names = [column[0] for column in cursor.description]
                print(f"**{title}**\n\n{markdown(names, rows)}\n")


if __name__ == "__main__":
    main(sys.argv[1])

{# What a table is on each engine, and how its rows lie. #}

{#
    How a query that repeats the rows of others is kept: as a view. Spark plans a view anew wherever it is read, and keeps its
    tables by column, and a lake has no comments on the columns of views: there it is a table.
#}
{% macro view_or_table() -%}
    {{ return(adapter.dispatch('view_or_table', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__view_or_table() -%}
    {{ return('table' if target.name == 'lake' else 'view') }}
{%- endmacro %}


{% macro spark__view_or_table() -%}
    {{ return('table') }}
{%- endmacro %}


{# How a table is kept that grows with each snapshot. Tables of Spark's are made anew: plain Parquet takes no deletes. #}
{% macro incremental_or_table() -%}
    {{ return(adapter.dispatch('incremental_or_table', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__incremental_or_table() -%}
    {{ return('incremental') }}
{%- endmacro %}


{% macro spark__incremental_or_table() -%}
    {{ return('table') }}
{%- endmacro %}


{#
    Whether the rows of a table lie in the order in which they are written: neighbours in a column are then alike, and take a
    few bits each. On Spark several write parts of a table at once, and no order lasts.
#}
{% macro keeps_order_of_rows() -%}
    {{ return(adapter.dispatch('keeps_order_of_rows', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__keeps_order_of_rows() -%}
    {{ return(true) }}
{%- endmacro %}


{% macro spark__keeps_order_of_rows() -%}
    {{ return(false) }}
{%- endmacro %}


{#
    Drops the items that say of the name and the parents of their model what another one said, but for those of the latest
    snapshot. Spark's tables take no deletes.
#}
{% macro thin_out_items() -%}
    {{ return(adapter.dispatch('thin_out_items', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__thin_out_items() -%}
    {%- set snapshots, items, versions = ref('stg_hub__snapshots'), ref('stg_hub__items'), ref('stg_hub__versions') -%}
    delete from {{ items }}
    where
        snapshot_id not in (select snapshots.snapshot_id from {{ snapshots }} as snapshots where snapshots.is_latest)
        and (snapshot_id, {{ item_key('part_number', 'part_row') }}) not in (
            select (versions.snapshot_id, versions.model_key)
            from {{ versions }} as versions
            where versions.version_key = versions.claims_key
        )
{%- endmacro %}


{% macro spark__thin_out_items() -%}
{%- endmacro %}

{# How tables are kept on each engine, and how their rows are ordered. #}

{#
    How a query that repeats other models' rows is kept: as a view. Spark plans a view again wherever it is read, and stores
    tables by column; a lake has no comments on the columns of views. There it is a table.
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


{# How a table that grows with each snapshot is kept. Spark rebuilds it: plain Parquet has no deletes. #}
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
    Whether the rows of a table keep the order in which they are written: neighbours in a column are then alike, and take a
    few bits each. On Spark several tasks write parts of a table at once, so there is no order.
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
    Deletes the items that repeat the name and the parents of another item of the same model, except those of the latest
    snapshot. Spark's tables have no deletes.
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

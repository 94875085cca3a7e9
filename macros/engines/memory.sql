{#
    Has DuckDB keep the memory of freed blocks for its next ones. By default they go back to the system, which hands out and
    clears the same pages again and again: a seventh of the CPU of a build of 2,556,240 models. HUB_MEMORY still bounds
    what is in use. The share is taken of the limit, which is lifted for a moment: DuckDB refuses to keep more than the machine has.
#}
{% macro keep_freed_memory() %}
    {{ return(adapter.dispatch('keep_freed_memory', 'hub_lineage')()) }}
{% endmacro %}


{% macro duckdb__keep_freed_memory() %}
    reset memory_limit;
    set block_allocator_memory = '100%';
    set memory_limit = '{{ env_var("HUB_MEMORY", "4GB") | trim }}'
{% endmacro %}


{% macro spark__keep_freed_memory() %}
{% endmacro %}

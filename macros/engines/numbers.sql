{#
    Means of fractions, added up one by one in a fixed order, so that the same values give the same bits on
    either engine and with any number of threads. For groups of some thousand rows, such as scores.
#}
{% macro mean_in_order(value, keys) -%}
    {{ return(adapter.dispatch('mean_in_order', 'hub_lineage')(value, keys)) }}
{%- endmacro %}


{% macro duckdb__mean_in_order(value, keys) -%}
    avg({{ value }} order by {{ keys | join(' nulls last, ') }} nulls last)
{%- endmacro %}


{% macro spark__mean_in_order(value, keys) -%}
    aggregate(
        {{ array_in_order(value, 'struct(' ~ keys | join(', ') ~ ')') }},
        struct(0e0 as total, 0e0 as n),
        (sums, x) -> struct(sums.total + x as total, sums.n + 1 as n),
        sums -> sums.total / sums.n
    )
{%- endmacro %}


{#
    Standard deviation of a sample of fractions, in a fixed order like the mean: as DuckDB computes it, by
    Welford's recurrence.
#}
{% macro deviation_in_order(value, keys) -%}
    {{ return(adapter.dispatch('deviation_in_order', 'hub_lineage')(value, keys)) }}
{%- endmacro %}


{% macro duckdb__deviation_in_order(value, keys) -%}
    stddev_samp({{ value }} order by {{ keys | join(' nulls last, ') }} nulls last)
{%- endmacro %}


{% macro spark__deviation_in_order(value, keys) -%}
    aggregate(
        {{ array_in_order(value, 'struct(' ~ keys | join(', ') ~ ')') }},
        struct(0e0 as n, 0e0 as mean, 0e0 as squares),
        (sums, x) -> struct(
            sums.n + 1 as n,
            sums.mean + (x - sums.mean) / (sums.n + 1) as mean,
            sums.squares + (x - sums.mean) * (x - (sums.mean + (x - sums.mean) / (sums.n + 1))) as squares
        ),
        sums -> sqrt(sums.squares / (sums.n - 1))
    )
{%- endmacro %}


{# Whether a number is neither infinite nor NaN; null for null. #}
{% macro is_finite_value(number) -%}
    abs({{ number }}) < cast('infinity' as double)
{%- endmacro %}


{#
    A whole number of 60 bits as the digest of some columns together. Two contents share one by chance only once in
    2^60: good enough for the few contents of one repository, not for those of all.
#}
{% macro digest_of(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
    {%- do texts.append("coalesce(cast(" ~ column ~ " as string), chr(1))") -%}
    {%- endfor -%}
    {%- set digits = "substr(md5(" ~ texts | join(" || chr(2) || ") ~ "), 1, 15)" -%}
    {{ number_of_hexadecimals(digits) }}
{%- endmacro %}


{# A number written in hexadecimal digits. #}
{% macro number_of_hexadecimals(digits) -%}
    {{ return(adapter.dispatch('number_of_hexadecimals', 'hub_lineage')(digits)) }}
{%- endmacro %}


{% macro duckdb__number_of_hexadecimals(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}


{% macro spark__number_of_hexadecimals(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}

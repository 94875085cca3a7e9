{#
    Means of fractions, added up one by one in an order, so that the same values give the same bits on
    either engine, whatever the threads do. For tables of some thousand rows a group, such as scores.
#}
{% macro mean_in_order(value, keys) -%}
    {%- if target.type == 'spark' -%}
    aggregate(
        {{ array_in_order(value, 'struct(' ~ keys | join(', ') ~ ')') }},
        struct(0e0 as total, 0e0 as n),
        (sums, x) -> struct(sums.total + x as total, sums.n + 1 as n),
        sums -> sums.total / sums.n
    )
    {%- else -%}
    avg({{ value }} order by {{ keys | join(' nulls last, ') }} nulls last)
    {%- endif -%}
{%- endmacro %}


{#
    Standard deviation of a sample of fractions, in an order like the mean: as DuckDB reckons it, by
    Welford's recurrence.
#}
{% macro deviation_in_order(value, keys) -%}
    {%- if target.type == 'spark' -%}
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
    {%- else -%}
    stddev_samp({{ value }} order by {{ keys | join(' nulls last, ') }} nulls last)
    {%- endif -%}
{%- endmacro %}


{# Whether a number is neither infinite nor NaN; null where there is none. #}
{% macro is_finite_value(number) -%}
    abs({{ number }}) < cast('infinity' as double)
{%- endmacro %}

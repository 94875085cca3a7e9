{#
    The disruption family (docs/definitions.md#disruption), each form once. n_i, n_j and n_k count later models
    in the window that build on the focal alone, on the focal and its parents, on its parents
    alone. A form whose denominator is 0 is null.
#}

{# (n_i - n_j) / (n_i + n_j + n_k): Funk and Owen-Smith 2017; Wu, Wang and Evans 2019. #}
{% macro mdi(n_i='n_i', n_j='n_j', n_k='n_k') -%}
    ({{ n_i }} - {{ n_j }}) / nullif({{ n_i }} + {{ n_j }} + {{ n_k }}, 0)
{%- endmacro %}


{# The same without the models that bypass the focal: Bornmann et al. 2020, DI1noK. #}
{% macro mdi_no_k(n_i='n_i', n_j='n_j') -%}
    ({{ n_i }} - {{ n_j }}) / nullif({{ n_i }} + {{ n_j }}, 0)
{%- endmacro %}


{# Takers of the focal against the models that bypass it. #}
{% macro mdi_bypass(n_i='n_i', n_j='n_j', n_k='n_k') -%}
    ({{ n_i }} + {{ n_j }} - {{ n_k }}) / nullif({{ n_i }} + {{ n_j }} + {{ n_k }}, 0)
{%- endmacro %}


{# Takers of the focal alone against all that build on its parents. #}
{% macro mdi_net(n_i='n_i', n_j='n_j', n_k='n_k') -%}
    ({{ n_i }} - {{ n_j }} - {{ n_k }}) / nullif({{ n_i }} + {{ n_j }} + {{ n_k }}, 0)
{%- endmacro %}


{# Mean number of shared parents over the takers of the focal: Bu, Waltman and Huang 2021. #}
{% macro dependence(n_shared_parents='n_shared_parents', n_i='n_i', n_j='n_j') -%}
    {{ n_shared_parents }} / nullif({{ n_i }} + {{ n_j }}, 0)
{%- endmacro %}

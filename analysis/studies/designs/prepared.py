"""What every design hands back, and how balance is measured.

A design makes a table of analysis rows in DuckDB and says what is to be estimated on it. It fits
nothing itself: `analysis.studies.estimation` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from analysis.studies.estimation.equations import Equation

MAIN_SAMPLE = "sample_exclusion is null"
"""The main sample of both studies, as SQL over `entrants` or `focals`."""

DIGITS = 12
"""Digits of every published fact: sums of floats wobble in the last ones with the order of rows."""

Fact = float | int | str | None


@dataclass(frozen=True)
class PreparedDesign:
    """The analysis rows of one design, and what is estimated on them.

    name: for example `window_matching_14d`; also the name of the DuckDB table with the rows.
    equations: by a name that says what each is for.
    facts: counts, shares and sizes that must stand beside the estimate.
    balance: one row per variable, the columns of `standardised_differences`.
    controls: the terms of the equations that are controls only; the others are of interest.
    reason: why nothing can be estimated, None where something can. The table exists all the same.
    conditions: by an equation's name, SQL that its rows meet; all rows where there is none.
    """

    name: str
    equations: dict[str, Equation]
    facts: dict[str, Fact]
    balance: tuple[dict[str, Fact], ...] = ()
    controls: tuple[str, ...] = ()
    reason: str | None = None
    conditions: dict[str, str] = field(default_factory=dict)

    def interest(self, equation: str) -> tuple[str, ...]:
        """The terms of interest of the equation of that name, in its order."""
        return tuple(term for term in self.equations[equation].terms if term not in self.controls)


@dataclass(frozen=True)
class Comparison:
    """Two groups of rows before or after a design: SQL, the group's 0/1 column, the weight's."""

    sql: str
    group: str
    weight: str = "1"


@dataclass(frozen=True)
class Names:
    """The tables that a design makes: the published one, and its steps, dropped at the end."""

    name: str
    steps: list[str] = field(default_factory=list)

    def step(self, step: str) -> str:
        """The name of the intermediate table `step`, remembered for `drop`."""
        table = f"{self.name}__{step}"
        if table not in self.steps:
            self.steps.append(table)
        return table

    def drop(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Drops the intermediate tables."""
        for table in self.steps:
            connection.execute(f"drop table if exists {table}")


def table_name(design: str, window: float, unit: str) -> str:
    """The name of a design's table for one window: `near_ties_48h`, `near_ties_0_5h`."""
    return f"{design}_{window:g}{unit}".replace(".", "_")


def rounded(value: Fact) -> Fact:
    """`value`, a float to `DIGITS` significant digits, None for what is not a number."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def facts_of(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    """The single row of `sql`, by column name, floats rounded to `DIGITS` significant digits."""
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    return {name: rounded(value) for name, value in zip(names, row, strict=True)}


def effective_size(weight: str) -> str:
    """SQL aggregate: Kish's effective number of rows, (sum w)^2 / sum w^2; null without rows."""
    return f"sum({weight}) ** 2 / nullif(sum(({weight}) ** 2), 0)"


def standardised_differences(
    connection: duckdb.DuckDBPyConnection,
    design: str,
    variables: Sequence[str],
    before: Comparison,
    after: Comparison,
) -> tuple[dict[str, Fact], ...]:
    """Differences of means between group 1 and group 0, in standard deviations, before and after.

    The standard deviation is the root of the mean of both groups' variances *before*, in both
    columns, so that a difference cannot shrink because the spread grew (Stuart 2010, Statistical
    Science 25(1)). Null where it is zero or a group is empty. Counts are rows, `effective_size_*`
    Kish's, both after.

    variables: numeric columns of both queries. Returns a row per variable, in their order.
    """
    columns = ", ".join(f"cast({name} as double) as {name}" for name in variables)
    listed = ", ".join(variables)

    def moments(stage: str, compared: Comparison) -> str:
        return f"""
            select
                '{stage}' as stage,
                variable,
                cast(is_one as integer) as is_one,
                sum(weight * value) / sum(weight) as average,
                coalesce(var_samp(value), 0) as variance,
                count(*) as n,
                {effective_size("weight")} as effective_size
            from (
                unpivot (
                    select
                        {compared.group} as is_one,
                        cast({compared.weight} as double) as weight,
                        {columns}
                    from ({compared.sql})
                ) on {listed} into name variable value value
            )
            where weight > 0
            group by all"""

    found = connection.execute(f"""
        with moments as ({moments("before", before)} union all {moments("after", after)}),

        sides as (
            select
                variable,
                max(average) filter (where stage = 'before' and is_one = 1) as one_before,
                max(average) filter (where stage = 'before' and is_one = 0) as zero_before,
                max(average) filter (where stage = 'after' and is_one = 1) as one_after,
                max(average) filter (where stage = 'after' and is_one = 0) as zero_after,
                nullif(sqrt(avg(variance) filter (where stage = 'before')), 0) as spread,
                coalesce(max(n) filter (where stage = 'after' and is_one = 1), 0) as n_one,
                coalesce(max(n) filter (where stage = 'after' and is_one = 0), 0) as n_zero,
                max(effective_size) filter (where stage = 'after' and is_one = 1) as size_one,
                max(effective_size) filter (where stage = 'after' and is_one = 0) as size_zero
            from moments
            group by variable
        )

        select
            variable,
            -- Ten decimals: the last ones of a sum depend on the order of its rows.
            round((one_before - zero_before) / spread, 10) as standardised_difference_before,
            round((one_after - zero_after) / spread, 10) as standardised_difference_after,
            n_one,
            n_zero,
            size_one as effective_size_one,
            size_zero as effective_size_zero
        from sides""")
    names = [column[0] for column in found.description]
    by_variable = {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
    empty = dict.fromkeys(names) | {"n_one": 0, "n_zero": 0}
    return tuple(
        {
            "design": design,
            **{
                name: rounded(value)
                for name, value in (
                    by_variable.get(variable, empty) | {"variable": variable}
                ).items()
            },
        }
        for variable in variables
    )

"""The SQL that writes values as JSON text, each according to its type.

The text of a null value is null, so that an object can leave its key out.
"""

import json

import duckdb

from hub_lineage.sql import literal
from loaders.imports.sources import children_of

_EXACT_AS_TEXT = frozenset({
    "bigint", "bignum", "boolean", "decimal", "hugeint", "integer", "smallint", "tinyint",
    "ubigint", "uhugeint", "uinteger", "usmallint", "utinyint",
})  # fmt: skip
_FLOATS = frozenset({"double", "float"})
TIMES = frozenset({
    "timestamp", "timestamp with time zone", "timestamp_ms", "timestamp_ns", "timestamp_s",
})  # fmt: skip

# DuckDB accepts NaN, Infinity and trailing commas as JSON. Stricter readers of the landing must not
# fail on them, so the first two become null, as JSON.stringify writes them, and commas are removed.
_LOOSE = r"(?i)nan|inf|,\s*[}\]]"
_MACROS = (
    rf"""
    CREATE OR REPLACE TEMP MACRO strict_json(text) AS CASE
        WHEN NOT json_valid(text) THEN NULL
        WHEN regexp_matches(text, '{_LOOSE}')
            AND regexp_matches(
                regexp_replace(text, '"(?:\\.|[^"\\])*"', '""', 'g'), '{_LOOSE}'
            )
            THEN array_to_string(
                list_transform(
                    regexp_extract_all(
                        text, '"(?:\\.|[^"\\])*"|,\s*[}}\]]|-?[A-Za-z]+|[^",A-Za-z-]+|,|-'
                    ),
                    lambda token: CASE
                        WHEN regexp_full_match(token, '(?i)-?(nan|inf|infinity)') THEN 'null'
                        WHEN regexp_full_match(token, ',\s*[}}\]]') THEN right(token, 1)
                        ELSE token
                    END
                ),
                ''
            )
        ELSE text
    END
    """,
    r"""
    CREATE OR REPLACE TEMP MACRO iso_time(moment) AS CASE
        WHEN NOT isfinite(moment) THEN NULL
        WHEN microsecond(moment) % 1000 = 0 THEN strftime(moment, '%Y-%m-%dT%H:%M:%S.%gZ')
        ELSE strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ')
    END
    """,
    r"""
    CREATE OR REPLACE TEMP MACRO iso_time_ns(moment) AS CASE
        WHEN nanosecond(moment) % 1000 = 0 THEN iso_time(CAST(moment AS TIMESTAMP))
        ELSE replace(CAST(moment AS VARCHAR), ' ', 'T') || 'Z'
    END
    """,
    # The following macros add pairs (name, value), the value JSON text, to JSON text. A null value
    # or text counts as missing. A one-element list_transform names a value used several times.
    """
    CREATE OR REPLACE TEMP MACRO pairs_there(pairs) AS
        list_filter(pairs, lambda pair: coalesce(pair.value, 'null') <> 'null')
    """,
    r"""
    CREATE OR REPLACE TEMP MACRO takes_no_pairs(text) AS
        coalesce(text <> 'null' AND NOT regexp_matches(text, '^\s*\{'), false)
    """,
    """
    CREATE OR REPLACE TEMP MACRO without_names(text, names) AS CASE
        WHEN list_has_any(json_keys(text), names)
        THEN '{' || array_to_string(
            list_transform(
                list_filter(
                    list_zip(json_keys(text), json_extract(text, '$.*')),
                    lambda member: NOT list_contains(names, member[1])
                ),
                lambda member:
                    CAST(to_json(member[1]) AS VARCHAR) || ':' || CAST(member[2] AS VARCHAR)
            ),
            ','
        ) || '}'
        ELSE text
    END
    """,
    r"""
    CREATE OR REPLACE TEMP MACRO before_closing_brace(text, members) AS list_transform(
        [text],
        lambda whole: regexp_replace(whole, '\}\s*$', '')
            || CASE WHEN regexp_full_match(whole, '\s*\{\s*\}\s*') THEN '' ELSE ',' END
            || members
            || regexp_extract(whole, '\}\s*$')
    )[1]
    """,
    """
    CREATE OR REPLACE TEMP MACRO with_pairs(text, pairs) AS list_transform(
        [{'old': text, 'new': pairs_there(pairs)}],
        lambda given: CASE
            WHEN len(given.new) = 0 OR takes_no_pairs(given.old) THEN given.old
            ELSE before_closing_brace(
                without_names(
                    coalesce(nullif(given.old, 'null'), '{}'),
                    list_transform(given.new, lambda pair: pair.name)
                ),
                array_to_string(
                    list_transform(
                        given.new,
                        lambda pair: CAST(to_json(pair.name) AS VARCHAR) || ':' || pair.value
                    ),
                    ','
                )
            )
        END
    )[1]
    """,
)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that the SQL calls."""
    for macro in _MACROS:
        connection.execute(macro)


def json_of(value: str, type_: duckdb.sqltypes.DuckDBPyType, depth: int = 0) -> str:
    """Return the SQL of a typed value, `depth` lists deep, as JSON text; null where it is null."""
    kind = type_.id
    if kind == "null":
        return "CAST(NULL AS VARCHAR)"
    if kind in _EXACT_AS_TEXT:
        return f"CAST({value} AS VARCHAR)"
    if kind in _FLOATS:
        return f"CASE WHEN isfinite({value}) THEN CAST({value} AS VARCHAR) END"
    if str(type_) == "JSON":
        return f"coalesce(strict_json({value}), CAST(to_json(CAST({value} AS VARCHAR)) AS VARCHAR))"
    if kind == "timestamp_ns":
        return f"('\"' || iso_time_ns({value}) || '\"')"
    if kind in TIMES:
        utc = f"{value} AT TIME ZONE 'UTC'" if "zone" in kind else f"CAST({value} AS TIMESTAMP)"
        return f"('\"' || iso_time({utc}) || '\"')"
    if kind == "date":
        return f"CASE WHEN isfinite({value}) THEN '\"' || CAST({value} AS VARCHAR) || '\"' END"
    if kind in {"list", "array"}:
        return _list(value, _child(type_), depth)
    if kind == "map":
        return _map(value, type_, depth)
    if kind == "struct":
        members = [
            keyed(name, json_of(f"struct_extract({value}, {literal(name)})", child, depth))
            for name, child in children_of(type_)
        ]
        return (
            f"CASE WHEN {value} IS NOT NULL "
            f"THEN '{{' || concat_ws(',', {', '.join(members)}) || '}}' END"
        )
    if kind in {"tuple", "union", "variant"}:
        return f"strict_json(CAST(to_json({value}) AS VARCHAR))"
    return f"CAST(to_json(CAST({value} AS VARCHAR)) AS VARCHAR)"


def _child(type_: duckdb.sqltypes.DuckDBPyType) -> duckdb.sqltypes.DuckDBPyType:
    return children_of(type_)[0][1]


def _list(value: str, child: duckdb.sqltypes.DuckDBPyType, depth: int) -> str:
    if str(child) == "VARCHAR":
        return f"CAST(to_json({value}) AS VARCHAR)"
    element = f"element{depth}"
    written = f"coalesce({json_of(element, child, depth + 1)}, 'null')"
    return (
        f"('[' || array_to_string(list_transform({value}, lambda {element}: {written}), ',') "
        "|| ']')"
    )


def _map(value: str, type_: duckdb.sqltypes.DuckDBPyType, depth: int) -> str:
    _, (_, value_type) = children_of(type_)
    entry = f"element{depth}"
    key = f"CAST(to_json(CAST(struct_extract({entry}, 'key') AS VARCHAR)) AS VARCHAR)"
    written = json_of(f"struct_extract({entry}, 'value')", value_type, depth + 1)
    return (
        f"('{{' || array_to_string(list_transform(map_entries({value}), lambda {entry}: "
        f"{key} || ':' || coalesce({written}, 'null')), ',') || '}}')"
    )


def keyed(key: str, value: str) -> str:
    return f"({literal(json.dumps(key, ensure_ascii=False) + ':')} || {value})"


def without_form(value: str, type_: duckdb.sqltypes.DuckDBPyType, depth: int = 0) -> str | None:
    """Return the SQL that counts the NaN and infinities in a value; None if it can hold none."""
    kind = type_.id
    if kind in _FLOATS or kind in TIMES or kind == "date":
        return f"CAST(NOT isfinite({value}) AS INTEGER)"
    if kind == "struct":
        counts = [
            f"coalesce({count}, 0)"
            for name, child in children_of(type_)
            if (count := without_form(f"struct_extract({value}, {literal(name)})", child, depth))
        ]
        return f"({' + '.join(counts)})" if counts else None
    if kind in {"list", "array", "map"}:
        child = children_of(type_)[1][1] if kind == "map" else _child(type_)
        element = f"element{depth}"
        count = without_form(element, child, depth + 1)
        values = f"map_values({value})" if kind == "map" else value
        return count and f"list_sum(list_transform({values}, lambda {element}: {count}))"
    return None

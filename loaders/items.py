"""Columns into one item of the Hub's API: the SQL that writes its JSON, without a detour.

Every value is written by its type, so that nothing goes through a number or a text that cannot
hold it; what is null has no key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from loaders.errors import DataError, UsageError
from loaders.fields import (
    BOOLEAN_FIELDS,
    HUB_FIELDS,
    ID_FIELDS,
    JSON_FIELDS,
    NUMBER_FIELDS,
    OID_FIELDS,
    TIME_FIELDS,
)
from loaders.sources import Column, Source
from loaders.sql import literal

Path = tuple[str, ...]

_EXACT_AS_TEXT = frozenset({
    "bigint", "bignum", "boolean", "decimal", "hugeint", "integer", "smallint", "tinyint",
    "ubigint", "uhugeint", "uinteger", "usmallint", "utinyint",
})  # fmt: skip
_FLOATS = frozenset({"double", "float"})
_TIMES = frozenset({
    "timestamp", "timestamp with time zone", "timestamp_ms", "timestamp_ns", "timestamp_s",
})  # fmt: skip

# DuckDB calls JSON valid that holds NaN, Infinity or a comma too many; a stricter reader of the
# landing must not stumble over it, so these become null (as JSON.stringify writes them) or go.
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
    r"""
    CREATE OR REPLACE TEMP MACRO time_of_text(text) AS CASE
        WHEN regexp_full_match(
            text,
            '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?'
            || ' ?(Z|UTC|[+-]\d{2}(:?\d{2})?)?'
        ) THEN TRY_CAST(text AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
    END
    """,
)


@dataclass(frozen=True)
class Item:
    """The SQL that makes items of a source's rows.

    `without_form` counts, per row, the values JSON has no form for (NaN, infinities); None if
    there can be none. `foreign` names the columns that are no field of the Hub's API.
    """

    hub_oid: str
    model_id: str
    raw_json: str
    without_form: str | None
    foreign: tuple[str, ...]


@dataclass(frozen=True)
class _Leaf:
    """A value at its place in the item, and the column it came from."""

    path: Path
    column: Column

    @property
    def is_object(self) -> bool:
        return self.column.kind == "typed" and self.column.type.id == "struct"

    def members(self) -> list["_Leaf"]:
        return [
            _Leaf((*self.path, name), _member(self.column, name, type_))
            for name, type_ in self.column.type.children
        ]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that the SQL of items and of JSON lines calls."""
    for macro in _MACROS:
        connection.execute(macro)


def item_of(source: Source, maps: Mapping[str, Sequence[Path]], leave_out: str | None) -> Item:
    """Return the SQL of a source's items.

    `maps` gives the fields a column goes to instead of its own name; `leave_out` names a column
    that is not part of the item. UsageError on a map that cannot be, DataError without an id.
    """
    placed = [
        (path, column)
        for column in source.columns
        if column.name != leave_out
        for path in maps.get(column.name, [(column.name,)])
    ]
    renamed = _with_ids(placed, source)
    tree: dict = {}
    for path, column in renamed:
        _insert(tree, _Leaf(path, column))
    first = {key: tree.pop(key) for key in ("_id", "id") if key in tree}
    model_id = first["id"]
    if not isinstance(model_id, _Leaf):
        raise UsageError("--map: id is a text, it has no fields of its own")
    leaves = [_Leaf(path, column) for path, column in renamed]
    hub_oid = first.get("_id")
    foreign = [
        column.name
        for path, column in renamed
        if path == (column.name,) and column.name not in HUB_FIELDS
    ]
    counts = [count for leaf in leaves if (count := _count_without_form(leaf.column))]
    return Item(
        hub_oid=_id_text(hub_oid.column) if isinstance(hub_oid, _Leaf) else "NULL",
        model_id=_id_text(model_id.column),
        raw_json=source.item
        if source.item and renamed == placed and not maps and not _holds_text_of_json(source)
        else _object(first | tree),
        without_form=" + ".join(counts) or None,
        foreign=tuple(foreign),
    )


def moment_of(column: Column) -> str:
    """Return the SQL of a column as a UTC TIMESTAMP, null where it is no time."""
    if column.kind == "typed" and column.type.id == "timestamp with time zone":
        moment = f"({column.value} AT TIME ZONE 'UTC')"
    elif column.kind == "typed" and column.type.id in _TIMES | {"date"}:
        moment = f"CAST({column.value} AS TIMESTAMP)"
    else:
        moment = f"time_of_text({column.text})"
    return f"CASE WHEN isfinite({moment}) THEN {moment} END"


def _with_ids(placed: list[tuple[Path, Column]], source: Source) -> list[tuple[Path, Column]]:
    """Rename the column the id is taken from to `id`, and the one of the oid to `_id`."""
    paths = [path for path, _ in placed]
    new_names = {}
    for wanted, names in (("id", ID_FIELDS), ("_id", OID_FIELDS)):
        best = next((name for name in names if (name,) in paths), None)
        if best is not None and best != wanted:
            new_names[(best,)] = (wanted,)
        elif best is None and wanted == "id":
            raise DataError(
                f"there is no column {', '.join(ID_FIELDS)} to take the id of a model from; name "
                f"one with --map COLUMN=id (there are: {column_names(source)})"
            )
    return [(new_names.get(path, path), column) for path, column in placed]


def column_names(source: Source) -> str:
    """Return the names of a source's columns as one text."""
    return ", ".join(column.name for column in source.columns)


def _holds_text_of_json(source: Source) -> bool:
    """Say whether JSON lines may hold an object as text, which is to become an object."""
    return any(column.name in JSON_FIELDS and column.may_be_text for column in source.columns)


def _insert(tree: dict, leaf: _Leaf) -> None:
    """Put a value at its place; a struct opens up where other values go into it."""
    *parents, last = leaf.path
    node = tree
    for depth, key in enumerate(parents, start=1):
        if isinstance(there := node.get(key), _Leaf):
            if not there.is_object:
                raise UsageError(
                    f"--map: {'.'.join(leaf.path)} cannot go into {'.'.join(leaf.path[:depth])}, "
                    f"which is column {there.column.name} and no object"
                )
            del node[key]
            for member in there.members():
                _insert(tree, member)
        node = node.setdefault(key, {})
    there = node.get(last)
    if there is None:
        node[last] = leaf
    elif isinstance(there, dict) and leaf.is_object:
        for member in leaf.members():
            _insert(tree, member)
    elif isinstance(there, dict):
        raise UsageError(
            f"--map: fields go into {'.'.join(leaf.path)}, which is column {leaf.column.name} "
            "and no object"
        )
    else:
        raise UsageError(
            f"--map: columns {there.column.name} and {leaf.column.name} both go to "
            f"{'.'.join(leaf.path)}"
        )


def _member(column: Column, name: str, type_: duckdb.sqltypes.DuckDBPyType) -> Column:
    return Column(column.name, f"struct_extract({column.value}, {literal(name)})", type_, "typed")


def _object(tree: Mapping[str, "dict | _Leaf"]) -> str:
    members = []
    for key, node in tree.items():
        value = f"nullif({_object(node)}, '{{}}')" if isinstance(node, dict) else _field(node)
        members.append(_keyed(key, value))
    return f"('{{' || concat_ws(',', {', '.join(members)}) || '}}')"


def _keyed(key: str, value: str) -> str:
    return f"({literal(json.dumps(key, ensure_ascii=False) + ':')} || {value})"


def _id_text(column: Column) -> str:
    return f"nullif(regexp_replace({column.text}, '^\\s+$', ''), '')"


def _field(leaf: _Leaf) -> str:
    """Return the SQL of a value as JSON text, null where there is none."""
    column, name = leaf.column, ".".join(leaf.path)
    is_text = column.kind == "typed" and str(column.type) == "VARCHAR"
    if column.kind == "json":
        as_is = f"strict_json(CAST({column.value} AS VARCHAR))"
        return f"coalesce(strict_json({column.text}), {as_is})" if name in JSON_FIELDS else as_is
    quoted = f"CAST(to_json({column.value}) AS VARCHAR)"
    if column.kind == "text" or is_text:
        if name in JSON_FIELDS:
            return f"coalesce(strict_json({column.value}), {quoted})"
        if name in TIME_FIELDS:
            moment = f"iso_time(time_of_text({column.value}))"
            return f"coalesce('\"' || {moment} || '\"', {quoted})"
    if column.kind == "text":
        trimmed = f"trim({column.value})"
        if name in NUMBER_FIELDS:
            number = r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"
            is_number = f"regexp_full_match({trimmed}, '{number}')"
            return f"CASE WHEN {is_number} THEN {trimmed} ELSE {quoted} END"
        if name in BOOLEAN_FIELDS:
            is_boolean = f"lower({trimmed}) IN ('true', 'false')"
            return f"CASE WHEN {is_boolean} THEN lower({trimmed}) ELSE {quoted} END"
        return quoted
    if name in TIME_FIELDS and column.type.id == "date":
        return f"('\"' || iso_time(CAST({column.value} AS TIMESTAMP)) || '\"')"
    return _json(column.value, column.type, 0)


def _json(value: str, type_: duckdb.sqltypes.DuckDBPyType, depth: int) -> str:
    """Return the SQL of a typed value as JSON text, null where the value is null."""
    kind = type_.id
    if kind in _EXACT_AS_TEXT:
        return f"CAST({value} AS VARCHAR)"
    if kind in _FLOATS:
        return f"CASE WHEN isfinite({value}) THEN CAST({value} AS VARCHAR) END"
    if str(type_) == "JSON":
        return f"coalesce(strict_json({value}), CAST(to_json(CAST({value} AS VARCHAR)) AS VARCHAR))"
    if kind == "timestamp_ns":
        return f"('\"' || iso_time_ns({value}) || '\"')"
    if kind in _TIMES:
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
            _keyed(name, _json(f"struct_extract({value}, {literal(name)})", child, depth))
            for name, child in type_.children
        ]
        return (
            f"CASE WHEN {value} IS NOT NULL "
            f"THEN '{{' || concat_ws(',', {', '.join(members)}) || '}}' END"
        )
    if kind in {"tuple", "union", "variant"}:
        return f"strict_json(CAST(to_json({value}) AS VARCHAR))"
    return f"CAST(to_json(CAST({value} AS VARCHAR)) AS VARCHAR)"


def _child(type_: duckdb.sqltypes.DuckDBPyType) -> duckdb.sqltypes.DuckDBPyType:
    return type_.children[0][1]


def _list(value: str, child: duckdb.sqltypes.DuckDBPyType, depth: int) -> str:
    if str(child) == "VARCHAR":
        return f"CAST(to_json({value}) AS VARCHAR)"
    element = f"element{depth}"
    written = f"coalesce({_json(element, child, depth + 1)}, 'null')"
    return (
        f"('[' || array_to_string(list_transform({value}, lambda {element}: {written}), ',') "
        "|| ']')"
    )


def _map(value: str, type_: duckdb.sqltypes.DuckDBPyType, depth: int) -> str:
    _, (_, value_type) = type_.children
    entry = f"element{depth}"
    key = f"CAST(to_json(CAST(struct_extract({entry}, 'key') AS VARCHAR)) AS VARCHAR)"
    written = _json(f"struct_extract({entry}, 'value')", value_type, depth + 1)
    return (
        f"('{{' || array_to_string(list_transform(map_entries({value}), lambda {entry}: "
        f"{key} || ':' || coalesce({written}, 'null')), ',') || '}}')"
    )


def _count_without_form(column: Column) -> str | None:
    if column.kind != "typed":
        return None
    count = _without_form(column.value, column.type, 0)
    return count and f"coalesce({count}, 0)"


def _without_form(value: str, type_: duckdb.sqltypes.DuckDBPyType, depth: int) -> str | None:
    """Return the SQL that counts the NaN and infinities in a value; None if it can hold none."""
    kind = type_.id
    if kind in _FLOATS or kind in _TIMES or kind == "date":
        return f"CAST(NOT isfinite({value}) AS INTEGER)"
    if kind == "struct":
        counts = [
            f"coalesce({count}, 0)"
            for name, child in type_.children
            if (count := _without_form(f"struct_extract({value}, {literal(name)})", child, depth))
        ]
        return f"({' + '.join(counts)})" if counts else None
    if kind in {"list", "array", "map"}:
        child = type_.children[1][1] if kind == "map" else _child(type_)
        element = f"element{depth}"
        count = _without_form(element, child, depth + 1)
        values = f"map_values({value})" if kind == "map" else value
        return count and f"list_sum(list_transform({values}, lambda {element}: {count}))"
    return None

"""Turns columns into items of the Hub's API: the SQL that writes their JSON directly.

Every value is written according to its type, so that nothing passes through a number or a text that
cannot hold it; a null value has no key.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from hub_lineage.errors import DataError, UsageError
from hub_lineage.sql import literal
from loaders.imports import json_text, reading, written
from loaders.imports.fields import (
    BOOLEAN_FIELDS,
    FIELDS_IN_USE,
    HUB_FIELDS,
    ID_FIELDS,
    JSON_FIELDS,
    LIST_FIELDS,
    NO_VALUE,
    NUMBER_FIELDS,
    OID_FIELDS,
    TIME_FIELDS,
)
from loaders.imports.sources import Column, Source, children_of

Path = tuple[str, ...]

_KEYS_IN_USE = frozenset(name.split(".")[0] for name in FIELDS_IN_USE)

_MACROS = (
    r"""
    CREATE OR REPLACE TEMP MACRO time_of_text(text) AS CASE
        WHEN regexp_full_match(
            text,
            '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?'
            || ' ?(Z|UTC|[+-]\d{2}(:?\d{2})?)?'
        ) THEN TRY_CAST(text AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
    END
    """,
    """
    CREATE OR REPLACE TEMP MACRO container_of_text(text) AS CASE
        WHEN NOT json_valid(text) THEN NULL
        WHEN regexp_full_match(json_type(text), 'ARRAY|OBJECT') THEN strict_json(text)
    END
    """,
    """
    CREATE OR REPLACE TEMP MACRO boolean_of_text(text) AS
        CASE WHEN regexp_full_match(text, '(?i)true|false') THEN lower(text) END
    """,
    """
    CREATE OR REPLACE TEMP MACRO oid_of_text(text) AS
        CASE WHEN regexp_full_match(text, '[0-9a-f]*') THEN text ELSE read_oid(text) END
    """,
    # huggingface_hub's rule, except for the length: models of 2021 have names of up to 250 letters.
    r"""
    CREATE OR REPLACE TEMP MACRO is_repository_id(text) AS
        regexp_full_match(text, '([\w.-]*\w/)?\w|([\w.-]*\w/)?\w[\w.-]*\w')
        AND NOT regexp_matches(text, '--|[.][.]|^[.-]|[.]git$')
    """,
    r"""
    CREATE OR REPLACE TEMP MACRO is_hub_link(text) AS
        regexp_matches(text, '(?i)^(https?://)?(www\.)?(huggingface\.co|hf\.co)/')
    """,
)


ID_COUNTS = (
    "count(model_id) - count(DISTINCT lower(model_id))",
    "count(*) FILTER (is_hub_link(model_id))",
    "count(*) FILTER (NOT is_hub_link(model_id) AND NOT is_repository_id(trim(model_id)))",
    "count(*) FILTER (NOT contains(model_id, '/'))",
    "min(model_id) FILTER (NOT is_hub_link(model_id) AND NOT is_repository_id(trim(model_id)))",
    "min(model_id) FILTER (NOT contains(model_id, '/'))",
)
"""The SQL of how many ids are repeated, links, invalid, or without an owner, with examples."""


@dataclass(frozen=True)
class Item:
    """The SQL that turns a source's rows into items.

    `without_form` counts, per row, the values that JSON cannot write (NaN, infinities), and
    `without_object` the mapped values whose place is not a JSON object; None if there can be none.
    `added_to` names those places, `foreign` the columns that are not fields of the Hub's API.
    `in_use` is an item with only the fields that a build reads, and `checks` find those of them
    that cannot be read; they need the columns of `judged`.
    """

    hub_oid: str
    model_id: str
    raw_json: str
    without_form: str | None
    without_object: str | None
    added_to: tuple[str, ...]
    foreign: tuple[str, ...]
    in_use: str
    checks: tuple[written.Check, ...]

    def judged(self, rows: str) -> str:
        """Return a FROM with the given one's rows and the columns that the checks need."""
        return (
            "FROM (SELECT *, unread_in(__in_use, __given) AS __unread "
            "FROM (SELECT *, values_in_use(__in_use) AS __given "
            f"FROM (SELECT *, {self.in_use} AS __in_use {rows})))"
        )


@dataclass(frozen=True)
class _Leaf:
    """A value's place in the item, and the column it comes from."""

    path: Path
    column: Column

    @property
    def is_object(self) -> bool:
        """Whether it is a typed object."""
        return self.column.kind == "typed" and self.column.type.id == "struct"

    @property
    def may_be_object(self) -> bool:
        """Whether its JSON may be an object, which depends on the rows."""
        type_, name = self.column.type, ".".join(self.path)
        is_json = str(type_) == "JSON" or type_.id == "map"
        return name not in {"_id", "id"} and (
            is_json or (str(type_) == "VARCHAR" and name in JSON_FIELDS)
        )

    def members(self) -> list["_Leaf"]:
        """The members of a typed object, each at its place."""
        return [
            _Leaf((*self.path, name), _member(self.column, name, type_))
            for name, type_ in children_of(self.column.type)
            if type_.id != "null"
        ]


@dataclass(frozen=True)
class _Extended:
    """A value that may be an object, and the fields that --map adds to it."""

    leaf: _Leaf
    added: dict[str, _Leaf]

    @property
    def pairs(self) -> str:
        """The SQL of the added fields as pairs of name and value."""
        pairs = (
            f"{{'name': {literal(name)}, 'value': {_field(leaf)}}}"
            for name, leaf in self.added.items()
        )
        return f"[{', '.join(pairs)}]"


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros and functions that the SQL of items and JSON lines calls."""
    json_text.prepare(connection)
    reading.prepare(connection)
    written.prepare(connection)
    for macro in _MACROS:
        connection.execute(macro)


def item_of(source: Source, maps: Mapping[str, Sequence[Path]], leave_out: Collection[str]) -> Item:
    """Return the SQL of a source's items.

    `maps` gives the fields that a column goes to instead of its own name; `leave_out` names columns
    that are not part of the item. UsageError on an impossible map, DataError without an id.
    """
    placed = [
        (path, column)
        for column in source.columns
        # A column without a type holds only nulls, and DuckDB fails to cast it.
        if column.name not in leave_out and column.type.id != "null"
        for path in maps.get(column.name, [(column.name,)])
    ]
    renamed = _with_ids(placed)
    tree: dict = {}
    for path, column in renamed:
        _insert(tree, _Leaf(path, column))
    first = {key: tree.pop(key) for key in ("_id", "id") if key in tree}
    model_id = first["id"]
    if not isinstance(model_id, _Leaf):
        raise UsageError("--map: id is a text and has no fields of its own")
    hub_oid = first.get("_id")
    foreign = [
        column.name
        for path, column in renamed
        if path == (column.name,) and column.name not in HUB_FIELDS
    ]
    counts = [count for _, column in renamed if (count := _count_without_form(column))]
    extended = list(_extended_in(tree))
    is_line = source.item is not None and renamed == placed and not maps and not leave_out
    raw_json = source.item if is_line and source.item is not None else _object(first | tree)
    in_use = {key: node for key, node in (first | tree).items() if key in _KEYS_IN_USE}
    return Item(
        hub_oid=f"oid_of_text({_id_text(hub_oid.column)})"
        if isinstance(hub_oid, _Leaf)
        else "NULL",
        model_id=_id_text(model_id.column),
        raw_json=raw_json,
        without_form=" + ".join(counts) or None,
        without_object=" + ".join(map(_count_without_object, extended)) or None,
        added_to=tuple(".".join(node.leaf.path) for node in extended),
        foreign=tuple(foreign),
        in_use=raw_json if is_line else _object(in_use) if in_use else "'{}'",
        checks=tuple(written.checks(in_use, given="__given", unread="__unread")),
    )


def moment_of(column: Column) -> str:
    """Return the SQL of a column as a UTC TIMESTAMP, null where it is not a time."""
    if column.kind == "typed" and column.type.id == "timestamp with time zone":
        moment = f"({column.value} AT TIME ZONE 'UTC')"
    elif column.kind == "typed" and column.type.id in json_text.TIMES | {"date"}:
        moment = f"CAST({column.value} AS TIMESTAMP)"
    else:
        moment = f"coalesce(time_of_text({column.text}), time_of_text(read_time({column.text})))"
    return f"CASE WHEN isfinite({moment}) THEN {moment} END"


def _with_ids(placed: list[tuple[Path, Column]]) -> list[tuple[Path, Column]]:
    """Rename the column that holds the id to `id`, and that of the oid to `_id`."""
    paths = [path for path, _ in placed]
    new_names: dict[Path, Path] = {}
    for wanted, names in (("id", ID_FIELDS), ("_id", OID_FIELDS)):
        best = next((name for name in names if (name,) in paths), None)
        if best is not None and best != wanted:
            new_names[(best,)] = (wanted,)
        elif best is None and wanted == "id":
            there = dict.fromkeys(column.name for _, column in placed)
            raise DataError(
                f"there is no column {', '.join(ID_FIELDS)} to take the id of a model from; name "
                f"one with --map COLUMN=id (there are: {', '.join(there)})"
            )
    return [(new_names.get(path, path), column) for path, column in placed]


def column_names(source: Source) -> str:
    """Return the names of a source's columns as one text."""
    return ", ".join(column.name for column in source.columns)


def id_candidates(source: Source) -> list[Column]:
    """Return the columns that may hold the id, best first."""
    columns = {column.name: column for column in source.columns if column.type.id != "null"}
    return [columns[name] for name in ID_FIELDS if name in columns]


def _insert(tree: dict, leaf: _Leaf) -> None:
    """Put a value at its place; a struct is split up if other values go into it."""
    *parents, last = leaf.path
    node = tree
    for depth, key in enumerate(parents, start=1):
        there = node.get(key)
        if isinstance(there, _Leaf) and there.is_object:
            del node[key]
            for member in there.members():
                _insert(tree, member)
        elif isinstance(there, _Leaf) and there.may_be_object:
            node[key] = _Extended(there, {})
        elif isinstance(there, _Leaf):
            raise UsageError(
                f"--map: {'.'.join(leaf.path)} cannot go into {'.'.join(leaf.path[:depth])}, "
                f"which is column {there.column.name} and not an object"
            )
        node = node.setdefault(key, {})
        if isinstance(node, _Extended):
            if depth < len(parents):
                raise _too_deep(leaf.path, node.leaf)
            node = node.added
    there = node.get(last)
    if there is None:
        node[last] = leaf
    elif isinstance(there, dict) and leaf.may_be_object:
        for name, member in there.items():
            if not isinstance(member, _Leaf):
                raise _too_deep((*leaf.path, name, "..."), leaf)
        node[last] = _Extended(leaf, there)
    elif isinstance(there, dict) and leaf.is_object:
        for member in leaf.members():
            _insert(tree, member)
    elif isinstance(there, dict):
        raise UsageError(
            f"--map: fields go into {'.'.join(leaf.path)}, which is column {leaf.column.name} "
            "and not an object"
        )
    else:
        first = there.leaf if isinstance(there, _Extended) else there
        raise UsageError(
            f"--map: columns {first.column.name} and {leaf.column.name} both go to "
            f"{'.'.join(leaf.path)}"
        )


def _too_deep(path: Path, into: _Leaf) -> UsageError:
    name = ".".join(into.path)
    return UsageError(
        f"--map: {'.'.join(path)} cannot go into {name}, which is column {into.column.name}: only "
        f"one level can be added to JSON, such as {name}.{path[len(into.path)]}"
    )


def _extended_in(tree: Mapping[str, "dict | _Leaf | _Extended"]) -> Iterator[_Extended]:
    for node in tree.values():
        if isinstance(node, _Extended):
            yield node
        elif isinstance(node, dict):
            yield from _extended_in(node)


def _count_without_object(node: _Extended) -> str:
    count = f"len(pairs_there({node.pairs}))"
    return f"CASE WHEN takes_no_pairs({_field(node.leaf)}) THEN {count} ELSE 0 END"


def _member(column: Column, name: str, type_: duckdb.sqltypes.DuckDBPyType) -> Column:
    return Column(column.name, f"struct_extract({column.value}, {literal(name)})", type_, "typed")


def _object(tree: Mapping[str, "dict | _Leaf | _Extended"]) -> str:
    members = []
    for key, node in tree.items():
        if isinstance(node, dict):
            value = f"nullif({_object(node)}, '{{}}')"
        elif isinstance(node, _Extended):
            value = f"with_pairs({_field(node.leaf)}, {node.pairs})"
        else:
            value = _field(node)
        members.append(json_text.keyed(key, value))
    return f"('{{' || concat_ws(',', {', '.join(members)}) || '}}')"


def _id_text(column: Column) -> str:
    return f"nullif(regexp_replace({column.text}, '^\\s+$', ''), '')"


def _field(leaf: _Leaf) -> str:
    """Return the SQL of a value as JSON text, null where there is no value."""
    column, name = leaf.column, ".".join(leaf.path)
    as_it_is = _as_it_is(column, name)
    read = _read(column, name)
    if read is None:
        return as_it_is
    return f"CASE WHEN NOT {_is_no_value(column)} THEN coalesce({read}, {as_it_is}) END"


def _as_it_is(column: Column, name: str) -> str:
    quoted = f"CAST(to_json({column.value}) AS VARCHAR)"
    whole = f"strict_json(CAST({column.value} AS VARCHAR))" if column.kind == "json" else quoted
    if name in JSON_FIELDS and _may_be_text(column):
        return f"coalesce(strict_json({column.text}), {whole})"
    if column.kind == "json":
        return whole
    if column.kind == "text" and name in NUMBER_FIELDS:
        number = r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"
        trimmed = f"trim({column.value})"
        return (
            f"CASE WHEN regexp_full_match({trimmed}, '{number}') THEN {trimmed} "
            f"WHEN NOT {_is_no_value(column)} THEN {quoted} END"
        )
    if column.kind == "text" and name not in JSON_FIELDS and name in HUB_FIELDS:
        return f"CASE WHEN NOT {_is_no_value(column)} THEN {quoted} END"
    if column.kind == "text":
        return quoted
    return json_text.json_of(column.value, column.type)


def _text(column: Column) -> str:
    """Return the SQL of a value as text without surrounding blanks; for an object, its JSON."""
    is_nested = column.kind == "typed" and column.type.id in {"struct", "map", "list", "array"}
    return f"trim({f'CAST(to_json({column.value}) AS VARCHAR)' if is_nested else column.text})"


def _is_no_value(column: Column) -> str:
    """Return the SQL of whether a value is a word for a missing value.

    This is a pattern, since DuckDB would turn IN into a join, which does not keep the rows' order.
    """
    return (
        f"coalesce(regexp_full_match({_text(column)}, '(?i){'|'.join(sorted(NO_VALUE))}'), false)"
    )


def _may_be_text(column: Column) -> bool:
    return column.kind in {"text", "json"} or str(column.type) == "VARCHAR"


def _read(column: Column, name: str) -> str | None:
    """Return the SQL that reads a text in the API's form, null where it is not plainly so.

    None if the value needs no reading. Other notations are read later (written.py).
    """
    text = _text(column)
    if name in JSON_FIELDS and _may_be_text(column):
        reader = "read_list" if name in LIST_FIELDS else "read_object"
        return f"coalesce(container_of_text({column.text}), {reader}({column.text}))"
    if name in TIME_FIELDS and _may_be_text(column):
        return f"('\"' || iso_time(time_of_text({text})) || '\"')"
    if name in TIME_FIELDS and column.type.id == "date":
        return f"('\"' || iso_time(CAST({column.value} AS TIMESTAMP)) || '\"')"
    if name in BOOLEAN_FIELDS and _may_be_text(column):
        return f"boolean_of_text({text})"
    return None


def _count_without_form(column: Column) -> str | None:
    if column.kind != "typed":
        return None
    count = json_text.without_form(column.value, column.type)
    return count and f"coalesce({count}, 0)"

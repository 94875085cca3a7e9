"""Finds owners' handles as words in the names of repositories, and replaces them by hashes.

`Qwen` is an owner, and `ada/Qwen-7B-GGUF` a name with that handle in it. A word is a run of letters
and digits; a handle of several words (`meta-llama`) is found where the same words occur with the
same signs between them. The rest of a name may give a word away, as in `bert-...-uncased`, so the
hash of a word differs from the hash of the owner of that name.

Words are found by joins: a row for each stretch of a name that has as many pieces as some handle.
"""

from __future__ import annotations

import duckdb

PREPARED = r"""
    create or replace temp table handles (handle varchar, n_pieces bigint);
    create or replace temp table ids_with_handles (plain_id varchar, shown_id varchar);
    create or replace temp macro pieces(name) as
        regexp_extract_all(name, '[A-Za-z0-9]+|[^A-Za-z0-9]+');
"""
"""Creates empty tables, for which no name holds a handle."""

OWN_HANDLE = "chr(1)"
"""Stands for the owner's own handle, which is replaced by the owner's hash even inside a word."""

GENERATED = "(owner|name|text|repository)_[0-9a-f]{16}"

STRETCHES = """
    pieced as (select plain_id, pieces(name) as pieces from named),

    beginnings as (
        select plain_id, pieces, unnest(generate_series(1, len(pieces))) as first_place from pieced
    ),

    stretches as (
        select
            plain_id, first_place, first_place + n_pieces - 1 as last_place,
            lower(array_to_string(list_slice(pieces, first_place, last_place), '')) as stretch
        from beginnings
        cross join (select distinct n_pieces from handles)
        where last_place <= len(pieces)
    ),

    found as (select * from stretches semi join handles on stretch = handle)
"""
"""From `named` (plain_id, name) to the handles found in the names."""

REPLACED = f"""
    create or replace temp table ids_with_handles as
    with named as (
        select
            plain_id,
            split_part(plain_id, '/', 1) as owner,
            regexp_replace(
                split_part(plain_id, '/', 2), regexp_escape(owner), {OWN_HANDLE}, 'gi'
            ) as name
        from ids_to_show
    ),
    {STRETCHES},

    hidden_places as (
        select distinct plain_id, unnest(generate_series(first_place, last_place)) as place
        from found
    ),

    places as (
        select plain_id, unnest(pieces) as piece, generate_subscripts(pieces, 1) as place
        from pieced
        semi join found using (plain_id)
    ),

    -- Overlapping handles, such as `meta-llama` and `llama`, are replaced together.
    grouped as (
        select
            places.*, hidden_places.place is not null as is_handle,
            places.place - row_number() over (
                partition by plain_id, is_handle order by places.place
            ) as group_number
        from places
        left join hidden_places using (plain_id, place)
    ),

    parts as (
        select
            plain_id, min(place) as place, string_agg(piece, '' order by place) as part,
            case when is_handle then hashed('name', lower(part)) else part end as shown
        from grouped
        group by plain_id, is_handle, group_number
    ),

    shown_names as (
        select plain_id, string_agg(shown, '' order by place) as name from parts group by plain_id
    )

    select
        plain_id,
        owner_hashed(owner) || '/'
            || replace(shown_names.name, {OWN_HANDLE}, owner_hashed(owner)) as shown_id
    from shown_names
    join named using (plain_id)
"""


def find_handles(connection: duckdb.DuckDBPyConnection, ids: str, owned: str) -> int:
    """Fill both tables; return the number of ids with another owner's handle in their name.

    `ids` and `owned` are SQL for one column `part`: the ids `owner/name` to be shown, as they are
    written, and the ids whose owners are to be hidden.
    """
    connection.execute(
        f"create or replace temp table ids_to_show as select part as plain_id from ({ids})"
    )
    connection.execute(
        "create or replace temp table handles as "
        "select lower(split_part(part, '/', 1)) as handle, len(pieces(handle)) as n_pieces "
        f"from ({owned}) group by all"
    )
    connection.execute(REPLACED)
    return connection.execute("select count(*) from ids_with_handles").fetchall()[0][0]


def handle_in(connection: duckdb.DuckDBPyConnection, ids: str) -> tuple | None:
    """A handle that is a word in the name of one of the ids; `ids` is SQL for a column `part`."""
    return connection.execute(
        f"""
        with named as (
            select
                part as plain_id,
                regexp_replace(split_part(part, '/', 2), '{GENERATED}', {OWN_HANDLE}, 'g') as name
            from ({ids})
        ),
        {STRETCHES}
        select stretch from found limit 1
        """
    ).fetchone()

"""dbt's command line, made to keep its parse when the database lies in another folder.

dbt parses the whole project anew, which takes ten CPU seconds, if the connection differs from that
of its last parse, and it counts the database's path as a part of the connection. The parse depends
on the database's name alone.
"""

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.cli.main import cli

connection_keys = DuckDBCredentials._connection_keys


def keys_without_path(credentials: DuckDBCredentials) -> tuple[str, ...]:
    """What distinguishes connections, without the path of the database file."""
    return tuple(key for key in connection_keys(credentials) if key != "path")


if __name__ == "__main__":
    setattr(DuckDBCredentials, connection_keys.__name__, keys_without_path)
    cli()

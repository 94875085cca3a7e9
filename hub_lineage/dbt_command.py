"""dbt's command line, for which two files of one name are one database.

dbt reads the whole project anew, for ten CPU seconds, where the connection is not that of its last
reading, and takes the database's folder for a part of it. What it reads depends on the name alone.
"""

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.cli.main import cli

connection_keys = DuckDBCredentials._connection_keys


def keys_without_path(credentials: DuckDBCredentials) -> tuple[str, ...]:
    """What tells one connection from another, but for the folder of its file."""
    return tuple(key for key in connection_keys(credentials) if key != "path")


if __name__ == "__main__":
    setattr(DuckDBCredentials, connection_keys.__name__, keys_without_path)
    cli()

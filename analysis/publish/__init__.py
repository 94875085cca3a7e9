"""Publishing: the tables, their queries, and the files that describe them to other tools."""

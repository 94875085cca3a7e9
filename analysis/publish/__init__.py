"""The parts of a publication: tables, queries, and the files that describe them to other tools."""

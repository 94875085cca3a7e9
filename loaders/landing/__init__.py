"""The landing: its format, how it grows, what checks it."""

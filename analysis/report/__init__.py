"""The report: a folder of pages on what the marts and the studies show about one landing."""

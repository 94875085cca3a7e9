"""The report: a folder of pages that say what the marts and the studies found in one landing."""

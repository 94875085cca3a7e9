"""What fills the landing of hub_lineage: `python -m loaders --help`."""

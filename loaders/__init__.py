"""What fills the landing of hub_lineage: `python -m loaders --help`."""

__version__ = "0.1.0"

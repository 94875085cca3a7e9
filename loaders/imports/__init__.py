"""From tables of others to snapshots and side tables."""

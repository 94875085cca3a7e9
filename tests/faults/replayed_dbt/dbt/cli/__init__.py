"""The part of dbt that build.py calls."""

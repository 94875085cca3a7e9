"""Stands for dbt where a test tries the steps around it: see `cli.main`."""

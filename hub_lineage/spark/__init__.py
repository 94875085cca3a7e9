"""The same dbt models on Spark: a server to build on, a cluster to try, marts compared."""

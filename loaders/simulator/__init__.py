"""A drawn Hub: its models, its sample, its service."""

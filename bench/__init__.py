"""What the build costs, measured: `python -m bench --help`."""

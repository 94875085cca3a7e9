"""A cluster on this machine."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""


def run(options: argparse.Namespace) -> int:
    """Run."""
    return 0

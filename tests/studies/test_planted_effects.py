"""Effects planted in a drawn Hub come back through landing, marts and panels.

The generator computes ranks and crowding from the lineage that it drew, in numpy; the marts find
both in cards and tags, in SQL. What lies between is the dirt: lost parents, renames, ties.
"""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from study_runs import analysis

from analysis.equations import Equation  # noqa: F401
from support import once

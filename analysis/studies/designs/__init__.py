"""Designs that need rows of their own: matched sets, near ties, panels, predictions, instruments.

Each module makes a DuckDB table from the views of `analysis.studies.variables` and hands back a
`prepared.PreparedDesign`: equations, facts and balance. None estimates anything but `weights`,
whose probabilities take a logit.
"""

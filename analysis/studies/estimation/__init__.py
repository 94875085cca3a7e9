"""The one door to the libraries that estimate: pyfixest, fereg and statsmodels.

Nothing else in the project imports them, and no private attribute of theirs is read elsewhere.
House rules:

* rows are pruned and counted first (`analysis.studies.estimation.pruning`), so that engines drop
  none silently;
* columns are centred and scaled before the fit and the results carried back, so that units do not
  decide what counts as collinear: a column falls when the others leave less than 1e-9 of its
  variation;
* pyfixest absorbs fixed effects by LSMR at 1e-10, not by its default (whose standard errors are
  good to 1e-5 only);
* rows that a Poisson or a logit can fit only at its limit are separated: they leave and the rest is
  fitted again (`analysis.studies.estimation.separation`);
* a term of interest that falls, or an iteration that does not end, is an error, never a blank.
"""

from analysis.studies.estimation.absorbing import has_engine
from analysis.studies.estimation.equations import (
    Equation,
    EstimationError,
    NotConverged,
    NotIdentified,
    TooFewClusters,
)
from analysis.studies.estimation.fitting import Fit, fit, with_interval
from analysis.studies.estimation.guards import effective_clusters, refuse_unidentified
from analysis.studies.estimation.hazards import drifts
from analysis.studies.estimation.marginal_effects import average_marginal_effects
from analysis.studies.estimation.matrices import SMALL_SAMPLE

__all__ = [
    "SMALL_SAMPLE",
    "Equation",
    "EstimationError",
    "Fit",
    "NotConverged",
    "NotIdentified",
    "TooFewClusters",
    "average_marginal_effects",
    "drifts",
    "effective_clusters",
    "fit",
    "has_engine",
    "refuse_unidentified",
    "with_interval",
]

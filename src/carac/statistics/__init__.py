"""Estimators on plain arrays: numpy in, small frozen records out, no clinical word and nothing else of carac.

Import the module that is wanted, such as ``from carac.statistics.incidence import aalen_johansen``: this package
imports none of them by itself, so that what needs one estimator does not wait for all.

What cannot be estimated raises `carac.statistics.checks.EstimationError` with one sentence; where a defined answer
exists it is given (a bound where no event happened, an empty interval named as such), and none is NaN in silence.
"""

"""Escape times of SGD and Adam driven by Lévy noise: simulation beside theory.

Examples
--------
>>> import levy_escape as le
>>> problem = le.Problem(le.Quadratic(4), le.Interval(-0.5, 0.5), le.StableNoise(1.5, epsilon=0.01))
>>> result = le.escape_times(problem, paths=4000, seed=1)
>>> abs(result.mean().value / le.predict(problem).mean_time - 1) < 0.08
True
"""

from ._native import VERSION as __version__
from .calibration import Calibration
from .curve import Curve
from .custom import CustomPotential, SlowPotentialWarning, potential
from .domain import Attraction, Ball, Box, Domain, Ellipsoid, Interval, Level, Until, Well
from .dynamics import AdagradSteps, Adam, AdamSteps, Dynamics, LionSteps, RmspropSteps, Sgd, SgdSteps
from .escape import EscapeWarning, escape_times
from .estimate import Estimate, ratio_of_means
from .experiment import run
from .landscape import Asymmetric, DoubleWell, Expression, Flat, MultiWell, Potential, Quadratic
from .laws import Empirical, Gaussian, Skewed, StudentT, Tempered, Truncated
from .noise import Noise, StableNoise
from .problem import Problem
from .result import EscapeResult, KolmogorovTest
from .results import Results
from .scheme import Euler, JumpAdapted, Scheme, Steps
from .tail import tail_index
from .theory import Comparison, ExactExit, Prediction, compare, exact, predict

__all__ = [
    "AdagradSteps",
    "Adam",
    "AdamSteps",
    "Asymmetric",
    "Attraction",
    "Ball",
    "Box",
    "Calibration",
    "Comparison",
    "Curve",
    "CustomPotential",
    "Domain",
    "DoubleWell",
    "Dynamics",
    "Ellipsoid",
    "Empirical",
    "EscapeResult",
    "EscapeWarning",
    "Estimate",
    "Euler",
    "ExactExit",
    "Expression",
    "Flat",
    "Gaussian",
    "Interval",
    "JumpAdapted",
    "KolmogorovTest",
    "Level",
    "LionSteps",
    "MultiWell",
    "Noise",
    "Potential",
    "Prediction",
    "Problem",
    "Quadratic",
    "Results",
    "RmspropSteps",
    "Scheme",
    "Sgd",
    "SgdSteps",
    "Skewed",
    "SlowPotentialWarning",
    "StableNoise",
    "Steps",
    "StudentT",
    "Tempered",
    "Truncated",
    "Until",
    "Well",
    "__version__",
    "compare",
    "escape_times",
    "exact",
    "potential",
    "predict",
    "ratio_of_means",
    "run",
    "tail_index",
]

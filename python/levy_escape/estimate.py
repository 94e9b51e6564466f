"""Estimates with confidence intervals."""

from __future__ import annotations

from typing import NamedTuple

from . import _native

__all__ = ["Estimate", "ratio_of_means"]


class Estimate(NamedTuple):
    """A value with its confidence interval.

    Examples
    --------
    >>> mean = Estimate(2.0, 1.5, 3.0)
    >>> print(mean)
    2 (1.5 to 3)
    >>> float(mean), 1.6 in mean.interval
    (2.0, False)
    >>> mean.contains(1.6)
    True
    """

    value: float
    """The estimate."""
    lo: float
    """Lower limit."""
    hi: float
    """Upper limit."""

    @property
    def interval(self) -> tuple[float, float]:
        """Both limits."""
        return self.lo, self.hi

    def contains(self, x: float) -> bool:
        """Return whether the interval holds ``x``."""
        return self.lo <= x <= self.hi

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"{self.value:.5g} ({self.lo:.5g} to {self.hi:.5g})"


def ratio_of_means(numerator: Estimate, denominator: Estimate) -> Estimate:
    """Return the ratio of two independent positive estimates, with the interval of Zou and Donner (2008).

    Raises
    ------
    ValueError
        Unless both intervals are positive and finite.

    Examples
    --------
    >>> print(ratio_of_means(Estimate(4, 3.6, 4.4), Estimate(2, 1.9, 2.1)))
    2 (1.7808 to 2.2286)
    """
    return Estimate(*_native.ratio((*numerator,), (*denominator,)))

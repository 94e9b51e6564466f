"""An escape problem: potential, domain, noise and optimiser."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._described import Described, point, vector
from .domain import Domain
from .dynamics import Dynamics, Sgd
from .landscape import Potential
from .noise import Noise

__all__ = ["Problem"]

_Part = TypeVar("_Part")


class Problem(Described):
    """The exit of an optimiser from a domain.

    Parameters
    ----------
    potential : Potential
        The loss landscape ``F`` with its minimum ``θ*``.
    domain : Domain
        The region around ``θ*`` whose exit is timed.
    noise : Noise
        The noise ``ε Σ dL``.
    dynamics : Dynamics
        The optimiser; `Sgd` by default.
    start : array_like, shape (d,), optional
        Where paths start; ``θ*`` by default.
    inset : float
        Distance ``ρ`` to the edge at which a path counts as gone (intervals, boxes and balls).

    Raises
    ------
    ValueError
        If the parts do not fit together: different dimensions, a minimum or a start outside the domain, an unbounded level set.

    Examples
    --------
    >>> from levy_escape import Interval, Quadratic, StableNoise
    >>> problem = Problem(Quadratic(4), Interval(-0.5, 0.5), StableNoise(1.5, 0.01))
    >>> problem.dim, problem.volume
    (1, 1.0)
    """

    __slots__ = ("_native",)

    _native: _native.Problem

    def __init__(
        self,
        potential: Potential,
        domain: Domain,
        noise: Noise,
        dynamics: Dynamics | None = None,
        start: ArrayLike | None = None,
        *,
        inset: float = 0.0,
    ) -> None:
        optimiser = Sgd() if dynamics is None else dynamics
        for name, part, kind in (
            ("potential", potential, Potential),
            ("domain", domain, Domain),
            ("noise", noise, Noise),
            ("dynamics", optimiser, Dynamics),
        ):
            if not isinstance(part, kind):
                raise TypeError(f"{name} must be a {kind.__name__}, not {type(part).__name__}")
        origin = point(start, "start")
        self._describe(
            potential=potential,
            domain=domain,
            noise=noise,
            dynamics=optimiser,
            start=origin,
            inset=float(inset) if inset else None,
        )
        self._native = _native.Problem(
            potential._native, domain._native, noise._native, optimiser._native, origin, float(inset)
        )

    @property
    def potential(self) -> Potential:
        """The potential."""
        return self._part("potential", Potential)

    @property
    def domain(self) -> Domain:
        """The domain."""
        return self._part("domain", Domain)

    @property
    def noise(self) -> Noise:
        """The noise."""
        return self._part("noise", Noise)

    @property
    def dynamics(self) -> Dynamics:
        """The optimiser."""
        return self._part("dynamics", Dynamics)

    def _part(self, name: str, kind: type[_Part]) -> _Part:
        part = self._arguments[name]
        assert isinstance(part, kind)
        return part

    @property
    def dim(self) -> int:
        """Number of parameters ``d``."""
        return self.start.size

    @property
    def start(self) -> NDArray[np.float64]:
        """Where paths start, shape (d,)."""
        return self._native.start

    @property
    def sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Lower and upper ends per axis if the domain is a box or an interval; None otherwise."""
        return self._native.sides

    @property
    def target(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Lower and upper ends per axis of the target of `Until`; None for other domains."""
        return self._native.target

    @property
    def wells(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Minima and the saddles between them, if the potential knows several wells, by which landing points are named; None otherwise."""
        return self._native.wells

    @property
    def volume(self) -> float:
        """Volume of the domain; infinite for a well or `Until`, NaN for a basin of attraction in several dimensions."""
        return self._native.volume()[0]

    def contains(self, x: ArrayLike) -> bool:
        """Return whether a point lies in the domain."""
        return self._native.contains(vector(x, "x"))

    def replace(self, **parts: Any) -> Problem:
        """Return the problem with other parts.

        Examples
        --------
        >>> from levy_escape import Adam, Interval, Quadratic, StableNoise
        >>> sgd = Problem(Quadratic(4), Interval(-0.5, 0.5), StableNoise(1.5, 0.01))
        >>> adam = sgd.replace(dynamics=Adam(eta=0.1))
        """
        return Problem(**{**self._arguments, **parts})

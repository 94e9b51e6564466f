"""Schemes: how a path advances to its exit."""

from __future__ import annotations

from . import _native
from ._described import Described

__all__ = ["Euler", "JumpAdapted", "Scheme", "Steps", "scheme_of"]


class Scheme(Described):
    """Base of all schemes."""

    __slots__ = ("_native",)

    _native: _native.Scheme

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._native.name


class JumpAdapted(Scheme):
    """Large jumps are drawn exactly, small ones are a Brownian motion; the cost of a path does not grow as ``ε`` falls.

    Parameters
    ----------
    threshold : float, optional
        Share ``κ`` of the way to the edge beyond which jumps are drawn, in (0, 0.5]; 0.3 far from the edge and 0.4 near it by default.
    step_cap : float, optional
        Longest step near the edge, in relaxation times, in (0, 1]; 0.25 by default.

    Examples
    --------
    >>> JumpAdapted(threshold=0.2).name
    'jump_adapted'
    """

    __slots__ = ()

    def __init__(self, threshold: float | None = None, step_cap: float | None = None) -> None:
        self._describe(threshold=threshold, step_cap=step_cap)
        self._native = _native.Scheme.jump_adapted(threshold, step_cap)


class Euler(Scheme):
    """Fixed steps.

    Parameters
    ----------
    step : float, optional
        The step ``h``, in units of the equation's time; chosen from the problem by default.
    discrete : bool
        Whether the exit is seen at steps, as an optimiser with ``η = h`` sees it. By default the edge is shifted inwards, so that
        exit times are those of the equation.

    Examples
    --------
    >>> Euler(step=1e-3).name
    'euler'
    """

    __slots__ = ()

    def __init__(self, step: float | None = None, *, discrete: bool = False) -> None:
        self._describe(step=step, discrete=True if discrete else None)
        self._native = _native.Scheme.euler(step, bool(discrete))


class Steps(Scheme):
    """The steps of `SgdSteps`, `AdamSteps` and the other discrete optimisers.

    Examples
    --------
    >>> Steps().name
    'steps'
    """

    __slots__ = ()

    def __init__(self) -> None:
        self._describe()
        self._native = _native.Scheme.steps()


def scheme_of(scheme: str | Scheme) -> Scheme:
    """Return the scheme of that name with its defaults, or the scheme itself."""
    if isinstance(scheme, Scheme):
        return scheme
    if scheme == "jump_adapted":
        return JumpAdapted()
    if scheme == "euler":
        return Euler()
    if scheme == "euler_discrete":
        return Euler(discrete=True)
    if scheme == "steps":
        return Steps()
    raise ValueError(f"scheme = {scheme!r} is not 'jump_adapted', 'euler', 'euler_discrete' or 'steps'")

"""Figures of a results folder, drawn again with matplotlib from ``figures/<name>.csv``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_figure"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#AA4A88", "#E69F00", "#56B4E9", "#101010")
"""Colours of series in order, as the program has them; they can be told apart by the colour-blind."""

MARKERS = ("o", "s", "^", "D", "v", "X", "p", "P")

LINES: dict[str, dict[str, Any]] = {
    "predicted": {"linestyle": "--"},
    "exact": {"linestyle": "-", "linewidth": 0.8},
    "second_order": {"linestyle": ":"},
    "law": {"linestyle": "--"},
    "surrogate": {"linestyle": ":"},
    "boundary": {"linestyle": "-"},
    "potential": {"linestyle": "-", "linewidth": 1.6},
    "contour": {"linestyle": "-", "linewidth": 0.6, "color": "#A8B8C4"},
    "path": {"linestyle": "-", "linewidth": 0.8},
}
"""Kinds of values that are lines, and their looks."""

STATED = ("slope", "slope_p", "slope_up_to", "ks_statistic", "ks_p", "rho", "share", "spread", "left_out")
"""Kinds of values that belong to a whole series."""

MANY = 60
"""With more points than this a measured series without intervals is a curve."""


def draw_figure(values: pd.DataFrame, panel: int | None, ax: Axes | None) -> Any:
    """Draw the panels of a figure's values and return their axes."""
    import matplotlib.pyplot as plt

    numbers = [int(number) for number in values["panel"].unique()]
    if panel is not None and panel not in numbers:
        raise IndexError(f"there is no panel {panel}; the figure has panels 0 to {len(numbers) - 1}")
    shown = numbers if panel is None else [panel]
    if ax is not None and len(shown) > 1:
        raise ValueError(f"ax is one panel, and the figure has {len(shown)}: choose one with panel=")
    names = [str(name) for name in values["series"].dropna().unique()]
    if len(shown) == 1:
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        _draw_panel(ax, values[values["panel"] == shown[0]], names)
        _legend(ax)
        return ax
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(3.4 * columns, 2.9 * rows), squeeze=False, layout="constrained")
    axes = grid.ravel()
    for place, number in enumerate(shown):
        _draw_panel(axes[place], values[values["panel"] == number], names)
    for spare in axes[len(shown) :]:
        spare.remove()
    entries: dict[str, Any] = {}
    for one in axes[: len(shown)]:
        for handle, label in zip(*one.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if entries:
        figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=3, fontsize="small")
    return axes[: len(shown)]


def _legend(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[1]:
        ax.legend(fontsize="small")


def _draw_panel(ax: Axes, values: pd.DataFrame, names: list[str]) -> None:
    first = values.iloc[0]
    ax.set(title=_text(first["title"]), xlabel=_text(first["x_quantity"]), ylabel=_text(first["y_quantity"]))
    placed = values[values["x"].notna()]
    if not placed["z"].isna().all():
        _draw_heat_map(ax, placed)
        return
    if first["x_scale"] == "names":
        rows = row_names(_text(first["x_quantity"]))
        ax.set(xlabel="", yscale=first["y_scale"])
        ax.set_xticks(range(len(rows)), rows, rotation=90)
    else:
        ax.set(xscale=first["x_scale"], yscale=first["y_scale"])
    if (placed["kind"] == "boundary").any() and first["x_quantity"] not in ("θ", "time t"):
        ax.set_aspect("equal", adjustable="datalim")
    # Lines below points.
    for kind in ("bounds", *LINES, "slope", "exit_distance", "exit", "measured"):
        drawn: set[str] = set()
        for name, part in placed[placed["kind"] == kind].groupby("series", sort=False, dropna=False):
            label = _whole(_text(name), drawn) if kind == "boundary" else _text(name)
            number = names.index(label) if label in names else len(names)
            # The pieces of one boundary have one entry in the legend.
            _draw_series(ax, kind, "_" + label if label in drawn else label, number, part)
            drawn.add(label)
    _state(ax, values[values["x"].isna() & values["kind"].isin(STATED)])


def row_names(joined: str) -> list[str]:
    r"""Return the names of rows between ``"; "``; inside a name ``\;`` is a semicolon and ``\\`` a backslash."""
    parts = re.findall(r"(?:\\.|(?!; ).)+", joined)
    return [re.sub(r"\\([\\;])", r"\1", part[1:] if number else part) for number, part in enumerate(parts)]


def _draw_series(ax: Axes, kind: str, label: str, number: int, part: pd.DataFrame) -> None:
    color = COLORS[number % len(COLORS)]
    x, y, lo, hi = (part[column].to_numpy(dtype=float) for column in ("x", "y", "lo", "hi"))
    if kind == "bounds":
        top = np.where(np.isfinite(hi), hi, np.nanmax(np.concatenate([lo, hi[np.isfinite(hi)]])))
        ax.fill_between(x, lo, top, color=color, alpha=0.2, linewidth=0, label=label)
        return
    if kind in LINES:
        style = {"linewidth": 1.2, "color": color, **LINES[kind]}
        # A landscape has many contours.
        ax.plot(x, y, label=None if kind == "contour" else _entry(label, kind), **style)
        return
    if kind == "slope":
        ax.plot(x, y, color=color, marker=MARKERS[number % len(MARKERS)], markersize=4, linewidth=1.0, label=label)
        return
    if kind == "exit_distance":
        ax.plot(x, y, color=color, marker="x", linestyle="none", label=_entry(label, "exit distance"))
        return
    if kind == "exit":
        ax.plot(x, y, color=color, marker="o", markersize=4, linestyle="none", label=_entry(label, kind))
        return
    marker = MARKERS[number % len(MARKERS)]
    limits = np.isnan(y) & np.isfinite(lo) & np.isposinf(hi)
    if limits.any():
        # A lower limit: a hollow point with an arrow.
        ax.errorbar(
            x[limits],
            lo[limits],
            yerr=0.3 * lo[limits],
            lolims=True,
            label=label if limits.all() else "_" + label,
            color=color,
            marker=marker,
            markersize=4,
            fillstyle="none",
            linestyle="none",
            linewidth=1,
        )
        if limits.all():
            return
        x, y, lo, hi = (values[~limits] for values in (x, y, lo, hi))
    has_interval = np.isfinite(lo)
    if not has_interval.any() and x.size > MANY:
        ax.plot(x, y, color=color, linewidth=1.2, label=label)
        return
    # An open interval ends at the point.
    ends = np.where(np.isfinite(hi), hi, y)
    errors = [
        np.where(has_interval, np.maximum(y - lo, 0.0), 0.0),
        np.where(has_interval, np.maximum(ends - y, 0.0), 0.0),
    ]
    ax.errorbar(x, y, yerr=errors, color=color, marker=marker, markersize=4, linestyle="none", linewidth=1, label=label)


def _whole(label: str, drawn: set[str]) -> str:
    """Return the series of which ``label`` is a further piece, as ``edge of Ω, 2``, or the label itself."""
    whole, _, number = label.rpartition(", ")
    return whole if number.isdecimal() and whole in drawn else label


def _entry(label: str, kind: str) -> str:
    """Return the legend entry of a line: its series, and what its values are."""
    if label in ("", kind):
        return kind
    return label if kind in ("boundary", "potential", "path") else f"{label}, {kind}"


def _draw_heat_map(ax: Axes, values: pd.DataFrame) -> None:
    table = values.pivot_table(index="y", columns="x", values="z")
    grid = table.to_numpy(dtype=float)
    mesh = ax.pcolormesh(range(grid.shape[1] + 1), range(grid.shape[0] + 1), grid, cmap="cividis")
    for axis, places in ((ax.xaxis, table.columns), (ax.yaxis, table.index)):
        axis.set_ticks([i + 0.5 for i in range(len(places))], [f"{value:.4g}" for value in places])
    colors = ax.figure.colorbar(mesh, ax=ax)
    colors.set_label(_text(values["series"].iloc[0]))


def _state(ax: Axes, values: pd.DataFrame) -> None:
    lines = []
    for name, part in values.groupby("series", sort=False, dropna=False):
        stated = {str(kind): float(y) for kind, y in zip(part["kind"], part["y"], strict=True)}
        lines.append(", ".join(f"{kind.replace('_', ' ')} {value:.3g}" for kind, value in stated.items()))
        label = _text(name)
        if label and values["series"].nunique() > 1:
            lines[-1] = f"{label}: {lines[-1]}"
    if lines:
        ax.annotate("\n".join(lines), (0.02, 0.02), xycoords="axes fraction", fontsize="xx-small", va="bottom")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

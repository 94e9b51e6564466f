"""Results folders that the program writes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from matplotlib.axes import Axes

    from .calibration import Calibration

__all__ = ["Results"]

_Table: TypeAlias = Literal[
    "summary",
    "comparison",
    "landings",
    "mean_position",
    "hitting",
    "trajectories",
    "random_problems",
    "which_flatness",
    "optimisers",
    "occupancy",
    "occupancy_rates",
    "occupancy_wells",
    "network_escape",
    "noise_scaling",
]
"""Every table but `escapes`."""


class Results:
    """A folder ``results/<name>`` that ``levy-escape run`` or ``levy-escape calibrate`` wrote.

    Its tables are pandas DataFrames; `to_polars` and `scan_escapes` return those of polars. A run writes the tables that fit it: another
    one raises `FileNotFoundError`, and `tables` names those that are there. ``docs/results.md`` describes their columns.

    Parameters
    ----------
    folder : path-like
        The folder.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or it has none of ``summary.csv``, ``occupancy.csv``, ``mean_position.csv`` and ``calibration.json``.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        if not any(
            (self.folder / name).is_file() for name in ("occupancy.csv", "mean_position.csv", "calibration.json")
        ):
            self._file("summary.csv")

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise FileNotFoundError(f"there is no {name} in {self.folder}")
        return path

    def _table(self, name: str, **options: Any) -> pd.DataFrame:
        import pandas as pd

        # Floats are read as they were written: from version 3 on by default.
        exact = {"float_precision": "round_trip"} if int(pd.__version__.split(".")[0]) < 3 else {}
        read: Any = pd.read_csv
        table: pd.DataFrame = read(self._file(name), **exact, **options)
        return table

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.folder.resolve().name

    @property
    def tables(self) -> list[str]:
        """Names of the tables in the folder, ``escapes`` apart."""
        return [name for name in get_args(_Table) if (self.folder / f"{name}.csv").is_file()]

    @property
    def summary(self) -> pd.DataFrame:
        """``summary.csv``: one row per cell."""
        return self._table("summary.csv")

    @property
    def occupancy(self) -> pd.DataFrame:
        """``occupancy.csv``, for an experiment with ``[occupancy]``: one row per cell, recorded time and well."""
        return self._table("occupancy.csv")

    @property
    def occupancy_rates(self) -> pd.DataFrame:
        """``occupancy_rates.csv``: measured and predicted transition rates, one row per cell and ordered pair of wells."""
        return self._table("occupancy_rates.csv")

    @property
    def occupancy_wells(self) -> pd.DataFrame:
        """``occupancy_wells.csv``: long-run occupancy and stationary law, one row per cell and well."""
        return self._table("occupancy_wells.csv")

    @property
    def mean_position(self) -> pd.DataFrame:
        """``mean_position.csv``, for an experiment with ``[mean_position]``: mean positions at rest, one row per cell and axis."""
        return self._table("mean_position.csv")

    @property
    def calibration(self) -> Calibration:
        """``calibration.json`` of a calibration."""
        from .calibration import Calibration

        return Calibration.read(self._file("calibration.json"))

    @property
    def network_escape(self) -> pd.DataFrame:
        """``network_escape.csv``, for a calibration with ``[escape]``: one row per optimiser, setting, minimum and set."""
        return self._table("network_escape.csv")

    @property
    def noise_scaling(self) -> pd.DataFrame:
        """``noise_scaling.csv``, for a calibration with ``[noise_scaling]``: scales, tail indices and exponents, one per row."""
        return self._table("noise_scaling.csv")

    @property
    def comparison(self) -> pd.DataFrame:
        """``comparison.csv``: one row per pair of SGD and Adam."""
        return self._table("comparison.csv")

    @property
    def landings(self) -> pd.DataFrame:
        """``landings.csv``, if paths land in known wells: shares of exits, measured and predicted, one row per cell and well."""
        return self._table("landings.csv")

    @property
    def hitting(self) -> pd.DataFrame:
        """``hitting.csv``, for domains ``until``: mean hitting times, measured and predicted, one row per cell."""
        return self._table("hitting.csv")

    @property
    def trajectories(self) -> pd.DataFrame:
        """``trajectories.csv``, for an experiment with ``paths_kept``: one row per point of a kept path."""
        return self._table("trajectories.csv")

    @property
    def random_problems(self) -> pd.DataFrame:
        """``random_problems.csv``, for ``[random_problems]``: how often Adam leaves later than SGD, one row per family."""
        return self._table("random_problems.csv")

    @property
    def which_flatness(self) -> pd.DataFrame:
        """``which_flatness.csv``: Kendall's τ of measures of flatness with the mean exit time, one row per group and measure."""
        return self._table("which_flatness.csv")

    @property
    def optimisers(self) -> pd.DataFrame:
        """``optimisers.csv``: one row per cell of an optimiser step by step, with its exit time relative to that of plain SGD."""
        return self._table("optimisers.csv")

    def escapes(self, cell: int | None = None) -> pd.DataFrame:
        """Return ``escapes.parquet`` or ``escapes.csv``, one row per path.

        Parameters
        ----------
        cell : int, optional
            A cell; all by default. Of a parquet file only its rows are read.
        """
        import pandas as pd

        parquet = self.folder / "escapes.parquet"
        if parquet.is_file():
            return pd.read_parquet(parquet, filters=None if cell is None else [("cell", "==", cell)])
        table = self._table("escapes.csv")
        return table if cell is None else table[table["cell"] == cell].reset_index(drop=True)

    def to_polars(self, name: _Table = "summary") -> pl.DataFrame:
        """Return a table as a polars DataFrame.

        Parameters
        ----------
        name : str
            The name of a table, as that of its property; `scan_escapes` reads ``escapes``.

        Raises
        ------
        ValueError
            If the table has another name.
        FileNotFoundError
            If the folder has no such table.
        """
        if name not in get_args(_Table):
            raise ValueError(f"name = {name!r} is not one of {', '.join(get_args(_Table))}")
        return self._scanned_csv(f"{name}.csv").collect()

    def _scanned_csv(self, name: str) -> pl.LazyFrame:
        import polars as pl

        return pl.scan_csv(self._file(name), infer_schema_length=None)

    def scan_escapes(self, cell: int | None = None) -> pl.LazyFrame:
        """Return ``escapes.parquet`` or ``escapes.csv`` as a polars LazyFrame, of which only what a query needs is read.

        Parameters
        ----------
        cell : int, optional
            A cell; all by default.
        """
        import polars as pl

        parquet = self.folder / "escapes.parquet"
        # All rows of a CSV decide the types: columns such as `overshoot` may be empty for many rows.
        frame = pl.scan_parquet(parquet) if parquet.is_file() else self._scanned_csv("escapes.csv")
        return frame if cell is None else frame.filter(pl.col("cell") == cell)

    @property
    def findings(self) -> str:
        """``findings.md``: claims, predictions and measurements in words."""
        return self._file("findings.md").read_text(encoding="utf-8")

    @property
    def manifest(self) -> dict[str, Any]:
        """``manifest.json``: version, plan, seed, times."""
        found: dict[str, Any] = json.loads(self._file("manifest.json").read_text(encoding="utf-8"))
        return found

    @property
    def figures(self) -> dict[str, Path]:
        """Drawn figures: a file of each name, SVG if there is one, otherwise PNG or PDF."""
        files = [path for suffix in ("pdf", "png", "svg") for path in (self.folder / "figures").glob(f"*.{suffix}")]
        found = {path.stem: path for path in files}
        return dict(sorted(found.items()))

    def figure_values(self, name: str) -> pd.DataFrame:
        """Return the values that a figure shows, one per row: ``figures/<name>.csv``.

        Parameters
        ----------
        name : str
            Name of the figure, as ``"gamma-vs-epsilon"``.

        Raises
        ------
        FileNotFoundError
            If the figure was not drawn.
        """
        return self._table(f"figures/{name}.csv")

    def figure(self, name: str, *, panel: int | None = None, ax: Axes | None = None) -> Any:
        """Draw a figure again with matplotlib, from its values.

        Points, lines, bands, outlines and heat maps are those of ``figures/<name>.csv``, with colours and markers as in the program's file.
        Reference lines, such as that of ``λ E Γ = 1``, are not among the values.

        Parameters
        ----------
        name : str
            Name of the figure, as ``"gamma-vs-epsilon"``.
        panel : int, optional
            One panel, in reading order from 0; all by default.
        ax : matplotlib.axes.Axes, optional
            Where a single panel is drawn; new axes by default.

        Returns
        -------
        matplotlib.axes.Axes or numpy.ndarray
            The axes of one panel, or an array of the axes of several.

        Raises
        ------
        FileNotFoundError
            If the figure was not drawn.
        IndexError
            If there is no such panel.
        ValueError
            If `ax` is given for several panels, or if the figure has no values.
        """
        from .figure import draw_figure

        drawn = sorted(path.stem for path in (self.folder / "figures").glob("*.csv"))
        if name not in drawn:
            known = f"drawn are {', '.join(drawn)}" if drawn else "no figure was drawn"
            raise FileNotFoundError(f"there is no figure {name!r} in {self.folder}; {known}")
        values = self.figure_values(name)
        if values.empty:
            raise ValueError(f"the figure {name!r} has no values")
        return draw_figure(values, panel, ax)

    def __repr__(self) -> str:
        return f"Results({str(self.folder)!r})"

    def _repr_markdown_(self) -> str:
        path = self.folder / "findings.md"
        return path.read_text(encoding="utf-8") if path.is_file() else f"`{self!r}`"

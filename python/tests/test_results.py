from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import levy_escape as le
from levy_escape.figure import row_names

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "theorem2"

pandas = pytest.importorskip("pandas")


def test_tables_of_a_run() -> None:
    results = le.Results(REFERENCE)
    assert results.name == "theorem2"
    summary = results.summary
    assert {"cell", "mean_time", "theory_rate", "radon_measure"} <= set(summary.columns)
    assert len(summary) == summary["cell"].nunique()
    with (REFERENCE / "summary.csv").open() as table:
        header, row = next(table).strip().split(","), next(table).strip().split(",")
    assert summary["mean_time"][0] == float(row[header.index("mean_time")])
    assert len(results.comparison) > 0
    assert results.findings.startswith("#")
    assert "version" in " ".join(results.manifest)
    assert all(path.suffix == ".svg" for path in results.figures.values())
    assert "theorem2" in results.figures
    values = results.figure_values("theorem2")
    measured = values[(values["kind"] == "measured") & (values["panel"] == 0)]
    assert set(measured["y"]) <= set(results.comparison["gamma_ratio"])
    assert len(measured) > 0
    assert repr(results) == f"Results({str(REFERENCE)!r})"
    assert results._repr_markdown_() == results.findings


def test_calibrations_are_results_too() -> None:
    results = le.Results(REFERENCE.parent / "network-escape")
    table = results.network_escape
    assert set(table["optimiser"]) == {"sgd", "momentum", "adam"}
    assert results.calibration.name == "network-escape"
    axes = results.figure("network-escape", panel=0)
    assert axes.get_xscale() == "log"
    with pytest.raises(FileNotFoundError, match="there is no summary.csv in"):
        _ = results.summary


def test_optimisers_are_rows_with_names(tmp_path: Path, pyplot: Any) -> None:
    (tmp_path / "summary.csv").write_text("cell\n0\n")
    (tmp_path / "optimisers.csv").write_text(
        "cell,optimiser,step_ratio,step_ratio_lo\n0,SGD,,\n1,Adam,3.5,3.1\n2,Lion,,40\n"
    )
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "optimisers.csv").write_text(
        "panel,title,x_quantity,x_scale,y_quantity,y_scale,series,kind,x,y,lo,hi,z\n"
        "0,,Adam; Lion,names,ratio,log,Gaussian,measured,0,3.5,3.1,4,\n"
        "0,,Adam; Lion,names,ratio,log,Gaussian,measured,1,,40,inf,\n"
    )
    results = le.Results(tmp_path)
    assert results.optimisers["step_ratio_lo"].tolist()[1:] == [3.1, 40]
    assert len(results.to_polars("optimisers")) == 3
    ax = results.figure("optimisers")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["Adam", "Lion"]
    assert {(0.0, 3.5), (1.0, 40.0)} <= drawn_values(ax)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no summary.csv in"):
        le.Results(tmp_path)
    (tmp_path / "summary.csv").write_text("cell\n0\n")
    results = le.Results(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no comparison.csv in"):
        _ = results.comparison
    assert results.figures == {}
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "laplace.pdf").touch()
    assert results.figures == {"laplace": tmp_path / "figures" / "laplace.pdf"}
    with pytest.raises(FileNotFoundError, match="there is no figures/laplace.csv in"):
        results.figure_values("laplace")
    assert results._repr_markdown_() == f"`{results!r}`"


def test_escapes_of_a_cell(tmp_path: Path) -> None:
    (tmp_path / "summary.csv").write_text("cell\n0\n1\n")
    (tmp_path / "escapes.csv").write_text("cell,path,time\n0,0,1.5\n1,0,2.5\n1,1,0.1\n")
    results = le.Results(tmp_path)
    assert len(results.escapes()) == 3
    assert results.escapes(cell=1)["time"].tolist() == [2.5, 0.1]
    with pytest.raises(FileNotFoundError, match="there is no trajectories.csv in"):
        _ = results.trajectories
    (tmp_path / "trajectories.csv").write_text("cell,dynamics,path,time,kind,x1\n0,sgd,0,0,start,0.5\n")
    assert results.trajectories["x1"].tolist() == [0.5]


def test_tables_as_polars() -> None:
    pytest.importorskip("polars")
    results = le.Results(REFERENCE)
    for name, framed in (("summary", results.summary), ("comparison", results.comparison)):
        table = results.to_polars(name)  # type: ignore[arg-type]
        assert table.columns == list(framed.columns)
        for column in framed.columns:
            expected = framed[column].astype(object).where(framed[column].notna(), None).tolist()
            assert table[column].to_list() == expected
    with pytest.raises(ValueError, match="name = 'escapes' is not one of summary, comparison"):
        results.to_polars("escapes")  # type: ignore[arg-type]


def test_every_table_of_a_run_has_its_property() -> None:
    """The tables of the kept results; every name is one of the contract, with a section in docs/results.md."""
    folders = [folder for folder in REFERENCE.parent.iterdir() if folder.is_dir()]
    written = {file.stem for folder in folders for file in folder.glob("*.csv")}
    assert {"landings", "noise_scaling", "random_problems", "which_flatness", "optimisers"} <= written
    described = (REFERENCE.parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    known = {name.split(".")[0] for name in re.findall(r"^##+ `([a-z_]+\.csv)`", described, re.MULTILINE)}
    properties = {name for name, value in vars(le.Results).items() if isinstance(value, property)}
    assert written | (known - {"escapes"}) <= properties
    for folder in folders:
        results = le.Results(folder)
        assert set(results.tables) == {file.stem for file in folder.glob("*.csv")} - {"escapes"}
        for name in results.tables:
            assert len(getattr(results, name)) > 0, (folder.name, name)
    assert le.Results(REFERENCE.parent / "transitions").landings["well"].min() == 1
    with pytest.raises(FileNotFoundError, match="there is no hitting.csv in"):
        _ = le.Results(REFERENCE).hitting


def test_escapes_are_scanned_lazily(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    (tmp_path / "summary.csv").write_text("cell\n0\n1\n")
    rows = "".join(f"{i // 500},{i % 500},{i + 0.5},{'' if i < 900 else 1.25}\n" for i in range(1000))
    (tmp_path / "escapes.csv").write_text("cell,path,time,overshoot\n" + rows)
    results = le.Results(tmp_path)
    of_csv = results.scan_escapes()
    assert isinstance(of_csv, pl.LazyFrame)
    assert of_csv.collect().height == 1000
    assert of_csv.collect()["overshoot"].null_count() == 900
    # The other half holds another time, so the source is seen.
    of_csv.with_columns(pl.col("time") * 2).collect().write_parquet(tmp_path / "escapes.parquet")
    of_parquet = results.scan_escapes(cell=1)
    assert isinstance(of_parquet, pl.LazyFrame)
    assert of_parquet.select(pl.col("time").min()).collect().item() == 1001.0
    assert "FILTER" in results.scan_escapes(cell=1).explain(optimized=False)
    pytest.importorskip("pyarrow")
    assert results.escapes(cell=1)["time"].tolist() == [2 * i + 1.0 for i in range(500, 1000)]


@pytest.fixture
def pyplot() -> Iterator[Any]:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def drawn_values(ax: Any) -> set[tuple[float, float]]:
    """Points of all lines of the axes, error bars included."""
    values = [line.get_xydata() for line in ax.lines]
    return {(float(x), float(y)) for part in values for x, y in np.asarray(part)}


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("theorem1", "gamma-vs-epsilon"),
        ("theorem1", "exponential-law"),
        ("theorem1", "laplace"),
        ("theorem2", "theorem2"),
        ("theorem2", "escape-set"),
        ("theorem2", "random-problems"),
        ("flat-minima", "occupancy"),
        ("cost", "cost-vs-epsilon"),
        ("which-flatness", "which-flatness"),
    ],
)
def test_a_figure_is_drawn_from_its_values(folder: str, name: str, pyplot: Any) -> None:
    results = le.Results(REFERENCE.parent / folder)
    values = results.figure_values(name)
    axes = np.atleast_1d(results.figure(name))
    assert len(axes) == values["panel"].nunique() > 0
    for ax, (number, panel) in zip(axes, values.groupby("panel", sort=True), strict=True):
        first = panel.iloc[0]
        assert (ax.get_xscale(), ax.get_yscale()) == (first["x_scale"], first["y_scale"]), number
        assert ax.get_ylabel() == panel["y_quantity"].fillna("").iloc[0]
        placed = panel[panel["x"].notna() & (panel["kind"] != "bounds")]
        expected = set(zip(placed["x"].astype(float), placed["y"].astype(float), strict=True))
        # Every value is drawn, and nothing else but the ends of intervals.
        assert {point for point in expected if not np.isnan(point[1])} <= drawn_values(ax), number
        bands = panel[panel["kind"] == "bounds"]["series"].nunique()
        assert sum("Poly" in type(part).__name__ for part in ax.collections) == bands
        named = {label.split(",")[0] for label in panel["series"].dropna()}
        labels = " ".join(ax.get_legend_handles_labels()[1])
        assert all(label in labels for label in named if label in placed["series"].to_numpy()), (named, labels)


def test_one_panel_of_a_figure(pyplot: Any) -> None:
    results = le.Results(REFERENCE)
    _, ax = pyplot.subplots()
    assert results.figure("theorem2", panel=1, ax=ax) is ax
    values = results.figure_values("theorem2")
    measured = values[(values["panel"] == 1) & (values["kind"] == "measured")]
    assert set(zip(measured["x"], measured["y"], strict=True)) <= drawn_values(ax)
    assert ax.get_title() == values[values["panel"] == 1]["title"].iloc[0]
    with pytest.raises(IndexError, match="there is no panel 2; the figure has panels 0 to 1"):
        results.figure("theorem2", panel=2)
    with pytest.raises(ValueError, match="the figure has 2: choose one with panel="):
        results.figure("theorem2", ax=ax)
    with pytest.raises(FileNotFoundError, match="there is no figure 'theorem3' in .*; drawn are .*theorem2"):
        results.figure("theorem3")


def test_a_heat_map_and_open_intervals(tmp_path: Path, pyplot: Any) -> None:
    (tmp_path / "summary.csv").write_text("cell\n0\n")
    results = le.Results(tmp_path)
    with pytest.raises(FileNotFoundError, match="no figure was drawn"):
        results.figure("map")
    (tmp_path / "figures").mkdir()
    head = "panel,title,x_quantity,x_scale,y_quantity,y_scale,series,kind,x,y,lo,hi,z\n"
    row = "0,,noise level ε,linear,α,linear,mean time,measured,{},{},,,{}\n"
    tiles = "".join(row.format(x, y, 10 * x + y) for x in (1, 2) for y in (3, 4, 5))
    (tmp_path / "figures" / "map.csv").write_text(head + tiles)
    (mesh,) = results.figure("map").collections
    assert np.asarray(mesh.get_array()).ravel().tolist() == [13.0, 23.0, 14.0, 24.0, 15.0, 25.0]
    row = "0,a,t,log,P,log,s,measured,1,2,1.5,inf,\n0,a,t,log,P,log,s,ks_p,,0.25,,,\n"
    (tmp_path / "figures" / "open.csv").write_text(head + row)
    ax = results.figure("open")
    assert ax.get_yscale() == "log"
    assert (1.0, 2.0) in drawn_values(ax)
    assert "ks p 0.25" in ax.texts[0].get_text()
    (tmp_path / "figures" / "empty.csv").write_text(head)
    with pytest.raises(ValueError, match="the figure 'empty' has no values"):
        results.figure("empty")


def test_the_pieces_of_a_boundary_have_one_entry(tmp_path: Path, pyplot: Any) -> None:
    (tmp_path / "summary.csv").write_text("cell\n0\n")
    (tmp_path / "figures").mkdir()
    head = "panel,title,x_quantity,x_scale,y_quantity,y_scale,series,kind,x,y,lo,hi,z\n"
    rows = "".join(
        f"{panel},,θ,linear,F,linear,{series},boundary,{x},{y},,,\n"
        for panel in (0, 1)
        for series in ('"edge of Ω"', '"edge of Ω, 2"', '"W, 3"')
        for x, y in ((0, 1), (1, 2))
    )
    (tmp_path / "figures" / "edges.csv").write_text(head + rows, encoding="utf-8")
    results = le.Results(tmp_path)
    ax = results.figure("edges", panel=0)
    assert ax.get_legend_handles_labels()[1] == ["edge of Ω", "W, 3"]
    assert len(ax.lines) == 3
    first, second = ax.lines[:2]
    assert first.get_color() == second.get_color()
    (legend,) = results.figure("edges")[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["edge of Ω", "W, 3"]


@pytest.mark.parametrize(
    ("joined", "names"),
    [
        ("SGD; Lion", ["SGD", "Lion"]),
        ("one", ["one"]),
        (r"a\; b; c\\; d;e", ["a; b", "c\\", "d;e"]),
        ("a\\b; c\\", ["a\\b", "c\\"]),
    ],
)
def test_names_of_rows_may_hold_semicolons(joined: str, names: list[str]) -> None:
    assert row_names(joined) == names

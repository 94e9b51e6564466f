from __future__ import annotations

from pathlib import Path

import pytest

import levy_escape as le

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


def test_tables_as_polars() -> None:
    pytest.importorskip("polars")
    results = le.Results(REFERENCE)
    for name, framed in (("summary", results.summary), ("comparison", results.comparison)):
        table = results.to_polars(name)  # type: ignore[arg-type]
        assert table.columns == list(framed.columns)
        for column in framed.columns:
            expected = framed[column].astype(object).where(framed[column].notna(), None).tolist()
            assert table[column].to_list() == expected
    with pytest.raises(ValueError, match="name = 'escapes' is not"):
        results.to_polars("escapes")  # type: ignore[arg-type]


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

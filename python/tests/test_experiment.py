from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import levy_escape as le
from levy_escape.experiment import _toml

pytest.importorskip("pandas")
tomllib: Any = pytest.importorskip("tomllib")

TEXT = """
name = "inside"
seed = 7
paths = 700
figures = ["gamma-vs-epsilon"]

[noise]
alpha = [1.2, 1.7]
epsilon = [0.3, 0.1]

[[dynamics]]
sgd = {}

[[dynamics]]
adam = { beta1_rate = 1.0, beta2_rate = 0.1 }

[[basin]]
name = "d = 1"
potential = { quadratic = { curvature = [1.0] } }
domain = { interval = [-1.0, 1.0] }

[scheme]
jump_adapted = {}
"""

PROGRAM = Path(os.environ.get("LEVY_ESCAPE", shutil.which("levy-escape") or "levy-escape"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "inside.toml"
    path.write_text(TEXT)
    return path


TIMED = ("manifest.json", "report.html")


def contents(folder: Path) -> dict[str, bytes]:
    """The files without those that hold times and the machine."""
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    kept = [name for name in names if name.name not in TIMED and not name.name.startswith("run.sqlite")]
    return {str(name): (folder / name).read_bytes() for name in kept}


def test_files_are_those_of_the_program(file: Path, tmp_path: Path) -> None:
    if not PROGRAM.is_file():
        pytest.skip("LEVY_ESCAPE does not name the program")
    subprocess.run([PROGRAM, "-q", "run", file, "--out", tmp_path / "program"], check=True)
    results = le.run(file, tmp_path / "package", threads=2)
    here, there = contents(results.folder), contents(tmp_path / "program" / "inside")
    assert {"summary.csv", "comparison.csv", "escapes.csv", "findings.md"} <= set(here)
    assert here == there


def test_a_mapping_is_the_same_experiment(file: Path, tmp_path: Path) -> None:
    of_file = le.run(file, tmp_path / "file")
    mapping: dict[str, Any] = tomllib.loads(TEXT)
    mapping["noise"]["epsilon"] = np.array([0.3, 0.1])
    of_mapping = le.run(mapping, tmp_path / "mapping", threads=1)
    assert contents(of_file.folder) == contents(of_mapping.folder)
    assert of_file.summary["paths"].tolist() == [700] * 8
    assert len(of_file.escapes(cell=3)) == 700
    assert of_file.manifest["complete"] is True


def test_escape_times_are_those_of_the_first_cell(file: Path, tmp_path: Path) -> None:
    results = le.run(file, tmp_path)
    problem = le.Problem(le.Quadratic(1), le.Interval(-1, 1), le.StableNoise(1.2, 0.3))
    times = le.escape_times(problem, 700, seed=7).times
    np.testing.assert_array_equal(results.escapes(cell=0)["time"], times)


def test_seed_and_paths_are_replaced(file: Path, tmp_path: Path) -> None:
    results = le.run(file, tmp_path, seed=8, paths=300)
    assert results.manifest["seed"] == 8
    assert results.summary["paths"].tolist() == [300] * 8


def test_existing_results_are_kept(file: Path, tmp_path: Path) -> None:
    first = contents(le.run(file, tmp_path).folder)
    with pytest.raises(ValueError, match="exists"):
        le.run(file, tmp_path)
    assert contents(le.run(file, tmp_path, existing="resume").folder) == first
    le.run(file, tmp_path, existing="move", paths=300)
    assert contents(tmp_path / "inside.1") == first


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        (TEXT.replace("alpha = [1.2, 1.7]", "alpha = [1.2, 2.7]"), "inside.toml:8:"),
        (TEXT.replace("seed", "sede"), "did you mean `seed`"),
        (TEXT + "[", "inside.toml:"),
    ],
)
def test_a_wrong_experiment_names_the_line(experiment: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "inside.toml"
    path.write_text(experiment)
    with pytest.raises(ValueError) as error:
        le.run(path, tmp_path)
    assert message in str(error.value)


def test_arguments_are_checked(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="existing = 'force'"):
        le.run(file, tmp_path, existing="force")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads = 0"):
        le.run(file, tmp_path, threads=0)
    with pytest.raises(FileNotFoundError):
        le.run(tmp_path / "none.toml", tmp_path)
    with pytest.raises(ValueError, match="is a file"):
        le.run(file, file)
    with pytest.raises(TypeError, match="cannot hold a complex"):
        le.run({"name": 1j}, tmp_path)


def test_mappings_become_toml() -> None:
    mapping: dict[str, Any] = {
        "text": 'a "quoted" \\ line\nand Σ', "flag": True, "number": 3, "small": 1e-300, "none": [], "list": [1, [2.5]],
        "table": {"a key": {"deep": [{"x": 1}, {"y": False}]}},
    }  # fmt: skip
    assert tomllib.loads(_toml(mapping)) == mapping


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_leaves_a_run_that_can_be_resumed(file: Path, tmp_path: Path) -> None:
    text = "import levy_escape as le, sys\nprint('ready', flush=True)\n"
    text += "r = le.run(sys.argv[1], sys.argv[2], paths=int(sys.argv[3]))\nprint(r.manifest['complete'], flush=True)"
    command = [sys.executable, "-W", "ignore", "-c", text, str(file), str(tmp_path / "out"), "100000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "False\n"


def test_progress_of_a_run(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The paths of all cells count."""
    seen: list[tuple[int, int]] = []
    le.run(file, tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {8 * 700}
    assert seen == sorted(seen)
    assert seen[-1] == (8 * 700, 8 * 700)
    le.run(file, tmp_path, existing="move", progress=True)
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "5,600" in shown.replace("5.60k", "5,600")


def test_an_exception_of_the_progress_is_raised(file: Path, tmp_path: Path) -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        le.run(file, tmp_path, progress=fail)

"""Calibrations: the noise and the curvature of a network of yours, as the program's experiments read them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._described import table
from .domain import Box
from .dynamics import Dynamics
from .landscape import Quadratic
from .noise import StableNoise
from .problem import Problem
from .tail import as_array

__all__ = ["Calibration"]

SCHEMA = ("levy-escape calibration", 1)
EULER = 0.5772156649015329
ESTIMATORS = ["mohammadi", "koutrouvelis", "mcculloch"]


class Calibration:
    """The measured noise of a network at the end of its training.

    Make one by `Calibration.from_gradients` or `Calibration.read`.
    """

    def __init__(
        self,
        content: dict[str, Any],
        parameters: NDArray[np.float64] | None = None,
        vectors: NDArray[np.float64] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._content = content
        self._parameters = parameters
        self._vectors = vectors
        self._folder = folder

    @classmethod
    def from_gradients(
        cls,
        gradients: Any,
        curvature: ArrayLike | Mapping[int, float],
        *,
        eta: float,
        full_gradient: ArrayLike | None = None,
        v: ArrayLike | None = None,
        parameters: ArrayLike | None = None,
        optimiser: Literal["sgd", "adam"] = "sgd",
        name: str = "calibration",
        network: str = "network",
        data: str = "data",
        batch: int = 1,
        iterations: int = 0,
        seed: int = 0,
    ) -> Calibration:
        """Measure tail indices and scales of gradient noise.

        Parameters
        ----------
        gradients : array_like, shape (n, d)
            Gradients of `n` minibatches at fixed parameters: one row per batch, one column per parameter.
        curvature : array_like of shape (d,) or mapping
            Second derivatives of the loss. A mapping gives those of some parameters; others, and those that are NaN or not positive, get no
            coordinate in the experiments.
        eta : float
            Learning rate.
        full_gradient : array_like, shape (d,), optional
            Gradient of the whole loss, which is subtracted; the mean over the batches by default.
        v : array_like, shape (d,), optional
            Adam's own ``v̂``.
        parameters : array_like, shape (d,), optional
            The parameters themselves, for the file of parameters.
        optimiser : {"sgd", "adam"}
            The optimiser that trained the network; also the label of the run.
        name, network, data : str
            What is calibrated, for the reader of the file.
        batch, iterations : int
            Examples per batch, and steps of the training.
        seed : int
            Seed of the Gaussian surrogates.

        Raises
        ------
        ValueError
            If shapes do not match, a gradient is not finite, or no parameter has noise and a positive curvature.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> gradients = rng.standard_t(1.5, (400, 3)) * [1.0, 0.5, 0.1]
        >>> calibration = Calibration.from_gradients(gradients, curvature=[1.0, 2.0, -1.0], eta=0.1)
        >>> [coordinate["parameter"] for coordinate in calibration.coordinates]
        [0, 1]
        """
        rows = as_array(gradients)
        if rows.ndim != 2 or rows.shape[0] < 2:
            raise ValueError(
                f"gradients have the shape {rows.shape}, not (batches, parameters) with two batches or more"
            )
        if not np.isfinite(rows).all():
            raise ValueError("gradients hold entries that are not finite")
        dim = rows.shape[1]
        full = rows.mean(axis=0) if full_gradient is None else _of_length(full_gradient, dim, "full_gradient")
        curvatures = _curvatures(curvature, dim)
        adam_v = None if v is None else _of_length(v, dim, "v")
        values = np.full(dim, math.nan) if parameters is None else _of_length(parameters, dim, "parameters")
        noise = rows - full
        zeros = noise == 0
        zero_share = zeros.mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(zeros, 0.0, np.log(np.abs(noise)))
            mean_log = logs.sum(axis=0) / (~zeros).sum(axis=0)
        second = np.square(rows).mean(axis=0)
        usable = (curvatures > 0) & np.isfinite(curvatures) & (zero_share < 1)
        if not usable.any():
            raise ValueError("no parameter has noise and a positive curvature")
        order = sorted(np.flatnonzero(usable).tolist(), key=lambda i: (-mean_log[i], i))
        coordinates = []
        for i in order:
            coordinate: dict[str, Any] = {
                "parameter": i,
                "mean_log": float(mean_log[i]),
                "zero_share": float(zero_share[i]),
                "second_moment": float(second[i]),
            }
            if adam_v is not None:
                coordinate["v"] = float(adam_v[i])
            coordinates.append({**coordinate, "curvature": float(curvatures[i]), "curvature_error": 0.0})
        run: dict[str, Any] = {"label": optimiser, "optimiser": optimiser, "eta": float(eta)}
        if not (eta > 0 and math.isfinite(eta)):
            raise ValueError(f"learning rate η = {eta} is not a positive finite number")
        content = {
            "schema": SCHEMA[0],
            "schema_version": SCHEMA[1],
            "program": _native.VERSION,
            "name": name,
            "seed": seed,
            "device": "python",
            "data": {"name": data, "shape": [1, 1, 1], "classes": 1, "train": 0, "test": 0},
            "network": {"kind": network, "parameters": dim, "layers": [{"name": "all", "parameters": dim}]},
            "batch": batch,
            "runs": [
                {
                    **run,
                    "ended": {"complete": {"iterations": iterations}},
                    "training": [],
                    "measurements": [_measurement(noise, float(zeros.mean()), iterations, seed)],
                    "minimum": {
                        "iteration": iterations,
                        "gradient_norm": float(np.linalg.norm(full)),
                        "parameters_file": f"{optimiser}.npy",
                        "noise_file": f"{optimiser}-noise.npy",
                        "coordinates": coordinates,
                        "left_out": int(np.isfinite(curvatures).sum()) - len(coordinates),
                    },
                }
            ],
        }
        vectors = np.ascontiguousarray(noise[:, order])
        return cls(content, np.column_stack([values, mean_log, zero_share, second]), vectors)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Calibration:
        """Read ``calibration.json``, or the one in a folder.

        Raises
        ------
        ValueError
            If the file is no calibration of this version.
        """
        file = Path(path) / "calibration.json" if Path(path).is_dir() else Path(path)
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or (content.get("schema"), content.get("schema_version")) != SCHEMA:
            raise ValueError(f"{file} is not a calibration of schema version {SCHEMA[1]}")
        return cls(content, folder=file.parent)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write ``calibration.json`` into a folder, with its noise vectors and the parameters of `from_gradients`; return its path.

        Experiments find ``results/<name>/calibration.json`` by ``{ calibration = "<name>" }``, others by their path.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        if self._parameters is not None:
            np.save(place / self._run(None)["minimum"]["parameters_file"], self._parameters)
        for run in self._content["runs"]:
            name = (run["minimum"] or {}).get("noise_file")
            if name and (self._vectors is not None or (self._folder is not None and (self._folder / name).is_file())):
                np.save(place / name, self.noise_vectors(run["label"]))
        file = place / "calibration.json"
        unfinished = place / ".calibration.json.part"
        unfinished.write_text(json.dumps(self._content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        unfinished.replace(file)
        return file

    @property
    def name(self) -> str:
        """Name of the calibration."""
        return str(self._content["name"])

    @property
    def labels(self) -> list[str]:
        """Labels of the optimisers."""
        return [str(run["label"]) for run in self._content["runs"]]

    def _run(self, label: str | None) -> dict[str, Any]:
        runs: list[dict[str, Any]] = self._content["runs"]
        found = runs if label is None else [run for run in runs if run["label"] == label]
        if len(found) != 1:
            raise ValueError(f"label = {label!r} is not one of {', '.join(self.labels)}")
        return found[0]

    @property
    def coordinates(self) -> list[dict[str, Any]]:
        """Coordinates of the only run: `parameter`, `mean_log`, `zero_share`, `second_moment`, `curvature`."""
        return self._coordinates(None)

    def _coordinates(self, label: str | None) -> list[dict[str, Any]]:
        minimum = self._run(label)["minimum"]
        if minimum is None or not minimum["coordinates"]:
            raise ValueError("the minimum of this run was not measured")
        found: list[dict[str, Any]] = minimum["coordinates"]
        return found

    def eta(self, label: str | None = None) -> float:
        """Return the learning rate of a run."""
        return float(self._run(label)["eta"])

    def noise_vectors(self, label: str | None = None) -> NDArray[np.float64]:
        """Return the gradient noise of the batches at the coordinates of the minimum, shape (batches, coordinates).

        Raises
        ------
        ValueError
            If the calibration has none, as those of older versions, or their file does not fit.
        OSError
            If their file cannot be read.
        """
        dim = len(self._coordinates(label))
        if self._vectors is not None:
            vectors = self._vectors
        else:
            name = self._run(label)["minimum"].get("noise_file")
            if name is None or self._folder is None:
                raise ValueError(
                    f"the calibration {self.name!r} holds no noise vectors; make it again with this version"
                )
            if "/" in name or "\\" in name or name.startswith("."):
                raise ValueError(f"the noise file {name!r} is not in the folder of the calibration")
            vectors = np.asarray(np.load(self._folder / name, allow_pickle=False), dtype=np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != dim:
            raise ValueError(f"the noise vectors have the shape {vectors.shape}, not (batches, {dim})")
        found = vectors.view()
        found.setflags(write=False)
        return found

    def alpha(self, estimator: str = "mohammadi", *, surrogate: bool = False, label: str | None = None) -> float:
        """Return the tail index of the pooled gradient noise, or that of its Gaussian surrogate.

        Raises
        ------
        ValueError
            If it could not be estimated.
        """
        measured = [m for m in self._run(label)["measurements"] if (m["noise"], m["axis"]) == ("gradient", "pooled")]
        pairs = {pair["estimator"]: pair for pair in measured[-1]["indices"]} if measured else {}
        if estimator not in pairs:
            raise ValueError(f"no estimator {estimator!r}; the measurement holds {', '.join(pairs)}")
        record = pairs[estimator]["surrogate" if surrogate else "measured"]
        if "index" not in record:
            raise ValueError(f"the tail index by {estimator!r} could not be estimated: {record['undefined']}")
        return float(record["index"]["value"])

    def problem(
        self, half_width: float, dynamics: Dynamics, *, alpha: float | None = None, label: str | None = None
    ) -> Problem:
        """Return the escape from a box around the measured minimum.

        Parameters
        ----------
        half_width : float
            Half the width of the box on every coordinate.
        dynamics : Dynamics
            The optimiser.
        alpha : float, optional
            Tail index; that of `alpha()` by default, cut at 2.
        label : str, optional
            The run, if there are several.
        """
        found = self._coordinates(label)
        index = min(self.alpha(label=label), 2.0) if alpha is None else alpha
        # The scale of a stable law whose log has this mean: E log|X| = log s + γ (1/α - 1).
        scales = np.exp([c["mean_log"] - EULER * (1 / index - 1) for c in found])
        ends = np.full(len(found), float(half_width))
        noise = StableNoise(index, eta=self.eta(label), amplitude=scales)
        return Problem(Quadratic([c["curvature"] for c in found]), Box(-ends, ends), noise, dynamics)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{run['label']}: {len(run['minimum']['coordinates']) if run['minimum'] else 0} coordinates"
            for run in self._content["runs"]
        )
        return f"<Calibration {self.name!r}: {self._content['network']['parameters']} parameters; {counts}>"

    def _repr_html_(self) -> str:
        rows = [("network", str(self._content["network"]["kind"])), ("data", str(self._content["data"]["name"]))]
        for run in self._content["runs"]:
            label = str(run["label"])
            count = len(run["minimum"]["coordinates"]) if run["minimum"] else 0
            rows.append((f"{label}: coordinates", f"{count} of {self._content['network']['parameters']} parameters"))
            for estimator in ESTIMATORS:
                try:
                    pair = [self.alpha(estimator, surrogate=twin, label=label) for twin in (False, True)]
                except ValueError:
                    continue
                rows.append((f"{label}: α by {estimator}", f"{pair[0]:.3f}; its Gaussian surrogate {pair[1]:.3f}"))
        return table(f"Calibration {escape(self.name)}", [(escape(name), escape(text)) for name, text in rows])


def _of_length(value: ArrayLike, dim: int, name: str) -> NDArray[np.float64]:
    array = as_array(value)
    if array.shape != (dim,):
        raise ValueError(f"{name} has the shape {array.shape}, the gradients have {dim} parameters")
    return array


def _curvatures(curvature: ArrayLike | Mapping[int, float], dim: int) -> NDArray[np.float64]:
    if not isinstance(curvature, Mapping):
        return _of_length(curvature, dim, "curvature")
    found = np.full(dim, math.nan)
    for parameter, value in curvature.items():
        if not 0 <= parameter < dim:
            raise ValueError(f"curvature of parameter {parameter} of {dim} parameters")
        found[parameter] = value
    return found


def _measurement(noise: NDArray[np.float64], zero_share: float, iterations: int, seed: int) -> dict[str, Any]:
    def record(value: float, lo: float, hi: float, error: str | None) -> dict[str, Any]:
        if math.isfinite(value) and math.isfinite(hi):
            return {"index": {"value": value, "lo": lo, "hi": hi}}
        return {"undefined": error or "no interval"}

    try:
        found = _native.tail_index(
            noise.reshape(-1), noise.shape[1], "zero", ESTIMATORS, 0.95, None, (None, False), None, seed
        )
    except ValueError as error:
        reason = {"undefined": str(error)}
        indices = [{"estimator": name, "measured": reason, "surrogate": reason} for name in ESTIMATORS]
    else:
        indices = [
            {
                "estimator": one.estimator,
                "measured": record(one.alpha, one.lo, one.hi, one.error),
                "surrogate": record(one.surrogate, one.surrogate_lo, one.surrogate_hi, None),
            }
            for one in found.estimates
        ]
    return {
        "iteration": iterations,
        "noise": "gradient",
        "axis": "pooled",
        "count": noise.size,
        "zero_share": zero_share,
        "indices": indices,
    }

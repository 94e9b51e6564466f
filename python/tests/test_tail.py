from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
import pytest

import levy_escape as le
from levy_escape.tail import as_array


def stable(alpha: float, shape: int | tuple[int, ...], seed: int = 1) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Symmetric stable variables of scale 1, by Chambers, Mallows and Stuck."""
    rng = np.random.default_rng(seed)
    angle, wait = rng.uniform(-math.pi / 2, math.pi / 2, shape), rng.exponential(size=shape)
    found: np.ndarray[Any, np.dtype[np.float64]] = (
        np.sin(alpha * angle)
        / np.cos(angle) ** (1 / alpha)
        * (np.cos((1 - alpha) * angle) / wait) ** ((1 - alpha) / alpha)
    )
    return found


COLUMNS = [
    "sample", "estimator", "alpha", "lo", "hi", "scale", "surrogate", "surrogate_lo", "surrogate_hi", "entries",
    "zero_share", "location", "rounding", "symmetry_p", "order_p", "error",
]  # fmt: skip


@pytest.mark.parametrize("alpha", [1.2, 1.7])
def test_the_index_of_stable_data_is_found(alpha: float) -> None:
    """Within .06, four standard errors and more of every estimator but Mohammadi's and Hill's."""
    found = le.tail_index(stable(alpha, 20_000))
    assert list(found) == COLUMNS
    names = list(found["estimator"])
    assert names == ["mohammadi", "koutrouvelis", "mcculloch", "hill", "maximum-likelihood"]
    for name in ("koutrouvelis", "mcculloch", "maximum-likelihood"):
        assert found["alpha"][names.index(name)] == pytest.approx(alpha, abs=0.06)
        assert found["scale"][names.index(name)] == pytest.approx(1, abs=0.06)
        assert found["surrogate"][names.index(name)] > 1.9
    assert (found["error"] == "").all()
    assert found["symmetry_p"][0] > 1e-3


def test_axes_are_samples() -> None:
    data = stable(1.5, (2000, 3))
    by_column = le.tail_index(data, axis=0)
    assert list(by_column["sample"]) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    one = le.tail_index(data[:, 1], estimators=["koutrouvelis"])
    assert by_column["alpha"][4] == one["alpha"][0]
    by_row = le.tail_index(data.T, axis=1)
    np.testing.assert_array_equal(by_row["alpha"], by_column["alpha"])
    np.testing.assert_array_equal(le.tail_index(data, axis=-2)["alpha"], by_column["alpha"])
    cube = le.tail_index(data.reshape(2000, 3, 1), axis=0, estimators="mcculloch")
    assert list(cube["sample"]) == [(0, 0), (1, 0), (2, 0)]


def test_parameters_of_other_scales_are_seen_by_the_surrogate() -> None:
    rng = np.random.default_rng(3)
    data = rng.standard_normal((400, 200)) * np.exp(rng.normal(0, 1, 200))
    found = le.tail_index(data, estimators="koutrouvelis", centre="zero")
    assert found["alpha"][0] < 1.7
    assert found["surrogate"][0] == pytest.approx(found["alpha"][0], abs=0.05)


def test_settings_reach_the_library() -> None:
    data = stable(1.5, 5000)
    base = le.tail_index(data, estimators=["mohammadi", "hill", "koutrouvelis"])
    other = le.tail_index(
        data, estimators=["mohammadi", "hill", "koutrouvelis"], block=50, order=200, confidence=0.5, centre=0.1
    )
    assert (base["alpha"] != other["alpha"]).all()
    assert other["hi"][2] - other["lo"][2] < 0.5 * (base["hi"][2] - base["lo"][2])
    assert other["location"][0] == 0.1
    again = le.tail_index(data, estimators=["mohammadi", "hill", "koutrouvelis"], seed=5)
    np.testing.assert_array_equal(again["alpha"], base["alpha"])
    assert (again["surrogate"][:2] != base["surrogate"][:2]).all()


def test_a_sample_that_fails_does_not_hide_the_others() -> None:
    data = stable(1.5, (1000, 2))
    data[:, 1] = 3.0
    found = le.tail_index(data, axis=0, estimators="mcculloch")
    assert not math.isnan(found["alpha"][0])
    assert math.isnan(found["alpha"][1])
    assert "3" in found["error"][1]


def test_an_estimate_that_does_not_exist_says_why() -> None:
    found = le.tail_index(stable(1.5, 30), estimators=["hill", "mcculloch"])
    assert math.isnan(found["alpha"][0])
    assert "100" in found["error"][0]
    assert found["error"][1] == ""


@pytest.mark.parametrize(
    ("data", "options", "kind", "message"),
    [
        ([1.0, math.nan], {}, ValueError, "NaN"),
        ([], {}, ValueError, ""),
        ([1.0] * 10, {}, ValueError, "1"),
        ([1.0, 2.0, 4.0], {"estimators": "pickands"}, ValueError, 'there is no estimator "pickands"'),
        ([1.0, 2.0, 4.0], {"centre": "mean"}, ValueError, 'centre = "mean" is not'),
        ([1.0, 2.0, 4.0], {"confidence": 1.5}, ValueError, "confidence level 1.5 is outside"),
        ([1.0, 2.0, 4.0], {"axis": 1}, ValueError, "axis = 1 is outside the 1 dimensions"),
        ([[1.0, 2.0]], {"axis": 2}, ValueError, "axis = 2 is outside the 2 dimensions"),
        (["a", "b"], {}, TypeError, "data must be real numbers"),
        ([1j], {}, TypeError, "data must be real numbers, not complex128"),
        (1.0, {}, TypeError, "not a single number"),
    ],
)
def test_data_that_cannot_be_used_are_refused(
    data: Any, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as error:
        le.tail_index(data, **options)
    assert message in str(error.value)


class OnlyDlpack:
    """An array of which nothing but DLPack is known."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[Any, Any]:
        return self.array.__dlpack_device__()


class Tensor(OnlyDlpack):
    """One that must be detached first."""

    def __dlpack__(self, **options: Any) -> Any:
        raise BufferError("a tensor that requires grad cannot be exported")

    def detach(self) -> OnlyDlpack:
        return OnlyDlpack(self.array)


@pytest.mark.parametrize("wrap", [OnlyDlpack, Tensor, memoryview, np.asarray])
def test_arrays_of_others_are_not_copied(wrap: Any) -> None:
    data = stable(1.5, 1000)
    assert np.shares_memory(as_array(wrap(data)), data)


def test_other_types_are_accepted() -> None:
    data = stable(1.5, 1000)
    expected = le.tail_index(data.astype(np.float32), estimators="mcculloch")["alpha"][0]
    assert expected == pytest.approx(le.tail_index(data, estimators="mcculloch")["alpha"][0], rel=1e-5)
    assert le.tail_index(data.tolist(), estimators="mcculloch")["alpha"][0] == pytest.approx(expected, rel=1e-5)
    pandas = pytest.importorskip("pandas")
    assert le.tail_index(pandas.Series(data), estimators="mcculloch")["alpha"][0] == pytest.approx(expected, rel=1e-5)


def test_a_tensor_of_torch_is_not_copied() -> None:
    torch = pytest.importorskip("torch")
    data = torch.tensor(stable(1.5, 1000), requires_grad=True)
    assert as_array(data).ctypes.data == data.data_ptr()


def test_without_pandas_a_dict_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    data = stable(1.5, (1000, 2))
    framed = le.tail_index(data, axis=0)
    found = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    plain = le.tail_index(data, axis=0)
    assert isinstance(plain, dict)
    assert list(plain) == COLUMNS
    np.testing.assert_array_equal(plain["alpha"], np.asarray(framed["alpha"]))

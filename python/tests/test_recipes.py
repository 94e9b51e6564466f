"""The recipes of docs/python.md, run as they are printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import levy_escape as le

DOCUMENT = Path(__file__).parents[2] / "docs" / "python.md"


def recipe(framework: str) -> str:
    """Return the code block below the name of the framework."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.split(f"\n{framework}:\n\n```python\n", 1)[1].split("```", 1)[0]


@pytest.fixture
def digits() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.standard_normal((96, 30)), rng.integers(10, size=96)


def check(found: dict[str, Any], gradients: Any, full: Any, hessian_diagonal: Any) -> None:
    """The recipe collected these gradients, and the positive curvatures among every 500th parameter."""
    np.testing.assert_allclose(np.asarray(found["rows"]), gradients, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.asarray(gradients).mean(axis=0), full, rtol=1e-4, atol=1e-6)
    calibration = le.Calibration.read("results/my-network")
    curvatures = {c["parameter"]: c["curvature"] for c in calibration.coordinates}
    expected = {i: hessian_diagonal[i] for i in range(0, len(full), 500) if hessian_diagonal[i] > 0}
    assert set(curvatures) == set(expected)
    assert len(expected) >= 2
    for i, value in expected.items():
        assert curvatures[i] == pytest.approx(value, rel=1e-3)
    assert calibration.problem(1.0, le.Sgd(), alpha=1.5).dim == len(expected)


def test_the_recipe_for_pytorch(digits: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(30, 40), torch.nn.Tanh(), torch.nn.Linear(40, 10)).double()
    images, labels = torch.tensor(digits[0]), torch.tensor(digits[1])
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images, labels), batch_size=8)
    loss = torch.nn.functional.cross_entropy
    names = {"le": le, "model": model, "loss": loss, "loader": loader, "all_images": images, "all_labels": labels}
    exec(recipe("PyTorch"), names)

    def gradient(x: Any, y: Any) -> Any:
        model.zero_grad()
        loss(model(x), y).backward()
        return np.concatenate([weight.grad.numpy().ravel().copy() for weight in model.parameters()])

    gradients = [gradient(*batch) for batch in loader]
    full, diagonal, weights = gradient(images, labels), {}, list(model.parameters())
    flat = torch.nn.utils.parameters_to_vector(weights).detach()
    for i in range(0, len(full), 500):
        slopes = []
        for sign in (1, -1):
            moved = flat.clone()
            moved[i] += sign * 1e-4
            torch.nn.utils.vector_to_parameters(moved, weights)
            slopes.append(gradient(images, labels)[i])
        diagonal[i] = (slopes[0] - slopes[1]) / 2e-4
    check(names, gradients, full, diagonal)


def test_the_recipe_for_jax(digits: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jax = pytest.importorskip("jax")
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    shapes = {"w1": (30, 40), "b1": (40,), "w2": (40, 10), "b2": (10,)}
    params = {name: jax.numpy.asarray(0.2 * rng.standard_normal(shape)) for name, shape in shapes.items()}
    images, labels = (jax.numpy.asarray(part) for part in digits)

    def loss(params: Any, x: Any, y: Any) -> Any:
        scores = jax.numpy.tanh(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]
        return -jax.nn.log_softmax(scores)[jax.numpy.arange(len(y)), y].mean()

    batches = [(images[i : i + 8], labels[i : i + 8]) for i in range(0, 96, 8)]
    names = {"le": le, "params": params, "loss": loss, "batches": batches, "all_images": images, "all_labels": labels}
    exec(recipe("JAX"), names)

    def flat(tree: Any) -> Any:
        return np.concatenate([np.asarray(tree[name]).ravel() for name in sorted(tree)])

    gradients = [flat(jax.grad(loss)(params, *batch)) for batch in batches]
    hessian = jax.hessian(lambda x: loss(names["unravel"](x), images, labels))(names["theta"])
    check(names, gradients, flat(jax.grad(loss)(params, images, labels)), np.diag(np.asarray(hessian)))

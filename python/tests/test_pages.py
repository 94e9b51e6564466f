"""`docs/python/` is what `pages.py` writes from the docstrings."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import levy_escape as le

PYTHON = Path(__file__).parent.parent


def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", PYTHON / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


PAGES: dict[str, str] = module().pages()


def test_every_public_name_has_a_page() -> None:
    assert set(PAGES) == {"README.md", *(f"{name}.md" for name in le.__all__ if name != "__version__")}
    assert {path.name for path in (PYTHON.parent / "docs" / "python").iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_that_of_the_docstring(name: str) -> None:
    written = (PYTHON.parent / "docs" / "python" / name).read_text(encoding="utf-8")
    assert written == PAGES[name], "run `python python/pages.py`"


def test_a_page_has_signature_parameters_examples_and_methods() -> None:
    page = PAGES["escape_times.md"]
    assert "levy_escape.escape_times(problem, paths=10000, seed=1" in page
    assert "- `threads`: int, optional\n" in page
    assert "```python\n>>> from levy_escape import" in page
    assert page.count("```") % 2 == 0
    result = PAGES["EscapeResult.md"]
    assert "EscapeResult.survival(times=None, confidence=0.95)" in result
    assert "- `times`: Exit time `Γ`" in result


def test_every_method_is_described() -> None:
    for name, page in PAGES.items():
        for part in page.split("\n## ")[1:]:
            assert len([line for line in part.splitlines() if line and not line.startswith("```")]) > 1, (name, part)

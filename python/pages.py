"""Write `docs/python/`: one page for each public class and function, from its docstring.

Usage: ``python pages.py [FOLDER]``, with the package installed.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import levy_escape as le

FOLDER = Path(__file__).parent.parent / "docs" / "python"

FIELD = re.compile(r"^(?P<name>[\w *,]+?)(?: : (?P<type>.+))?$")
"""The first line of an entry of a numpydoc section."""

ENTRIES = ("Parameters", "Returns", "Raises")
"""Sections that are lists of entries; the others are text."""


def names() -> list[str]:
    """Return the names of the pages."""
    return [name for name in le.__all__ if not name.startswith("__")]


def signature(item: Any) -> str:
    """Return the call without annotations, whose full names would hide the arguments."""
    found = inspect.signature(item)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in found.parameters.values()
        if parameter.name != "self"
    ]
    return str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def spans(text: str) -> str:
    """Return text with the double quotes of reStructuredText as code spans of Markdown."""
    return re.sub(r"``(.+?)``", r"`\1`", text)


def sections(docstring: str) -> list[tuple[str, list[str]]]:
    """Split a docstring into its heading-less beginning and its sections."""
    found: list[tuple[str, list[str]]] = [("", [])]
    lines = docstring.splitlines()
    i = 0
    while i < len(lines):
        if i + 1 < len(lines) and lines[i].strip() and re.fullmatch(r"-{3,}", lines[i + 1].strip()):
            found.append((lines[i].strip(), []))
            i += 2
        else:
            found[-1][1].append(lines[i])
            i += 1
    return found


def entries(lines: list[str]) -> list[str]:
    """Return the entries of a section as a list."""
    out: list[str] = []
    for line in lines:
        if line and not line.startswith(" "):
            match = FIELD.match(line)
            name, kind = (match["name"], match["type"]) if match else (line, None)
            out.append(f"- `{name}`" + (f": {spans(kind)}" if kind else ""))
        elif line.strip():
            out.append("  " + spans(line.strip()))
        elif out:
            out.append("")
    return trimmed(out)


def body(lines: list[str]) -> list[str]:
    """Return text in which examples are code blocks."""
    out: list[str] = []
    code = False
    for line in lines:
        if line.startswith(">>>") and not code:
            out.append("```python")
            code = True
        elif code and not line.strip():
            out.append("```")
            code = False
        out.append(line if code else spans(line))
    return trimmed([*out, "```"] if code else out)


def trimmed(lines: list[str]) -> list[str]:
    """Return lines without empty ones at the ends."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def described(docstring: str, level: int) -> list[str]:
    """Return a docstring as Markdown."""
    out: list[str] = []
    for title, lines in sections(docstring):
        text = entries(lines) if title in ENTRIES else body(lines)
        if title:
            out += ["#" * level + f" {title}", ""]
        out += [*text, ""] if text else []
    return out


def attributes(kind: type[Any]) -> list[str]:
    """Return the fields of a class with the text below each in its source."""
    source = inspect.getsource(kind)
    found = re.findall(r'^    (\w+): .+\n    """((?:.|\n)+?)"""$', source, re.MULTILINE)
    return [f"- `{name}`: {spans(' '.join(text.split()))}" for name, text in found if not name.startswith("_")]


def members(kind: type[Any]) -> list[tuple[str, Any]]:
    """Return public methods and properties with docstrings, in the order of the source, those of the package's bases included."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("levy_escape"):
            found.update({name: value for name, value in vars(base).items() if not name.startswith("_")})
    wanted = (property, classmethod, staticmethod)
    return [(n, v) for n, v in found.items() if isinstance(v, wanted) or inspect.isfunction(v)]


def page(name: str) -> str:
    """Return the page of a public name."""
    item = getattr(le, name)
    call = f"levy_escape.{name}"
    if not (inspect.isclass(item) and issubclass(item, Warning)):
        call += signature(item)
    out = [f"# {name}", "", "```python", call, "```", "", *described(inspect.getdoc(item) or "", 2)]
    if inspect.isclass(item):
        fields = attributes(item)
        properties = [
            f"- `{n}`: {spans(' '.join((inspect.getdoc(v) or '').split()))}"
            for n, v in members(item)
            if isinstance(v, property)
        ]
        if fields or properties:
            out += ["## Attributes", "", *fields, *properties, ""]
        for method, value in members(item):
            if isinstance(value, property):
                continue
            bound = getattr(item, method)
            out += [f"## {method}", "", "```python", f"{name}.{method}{signature(bound)}", "```", ""]
            out += described(inspect.getdoc(bound) or "", 3)
    return "\n".join(trimmed(out)) + "\n"


def index() -> str:
    """Return the list of all pages, with the first sentence of each."""
    rows = []
    for name in names():
        first = (inspect.getdoc(getattr(le, name)) or "").split("\n\n")[0]
        rows.append(f"| [{name}]({name}.md) | {spans(' '.join(first.split())).replace('|', chr(92) + '|')} |")
    head = ["# Reference of the Python package", "", "Written from the docstrings by `python python/pages.py`.", ""]
    return "\n".join([*head, "| name | |", "|---|---|", *rows]) + "\n"


def pages() -> dict[str, str]:
    """Return the contents of all files by their names."""
    return {"README.md": index(), **{f"{name}.md": page(name) for name in names()}}


def main(folder: Path) -> None:
    """Write all pages, and remove others."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for old in folder.glob("*.md"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

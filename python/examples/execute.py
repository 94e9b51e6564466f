"""Execute notebooks in place, or with ``--check`` only verify that they run from top to bottom."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient


def main(arguments: list[str]) -> None:
    check = "--check" in arguments
    for path in (Path(argument) for argument in arguments if argument != "--check"):
        notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call,unused-ignore]
        resources = {"metadata": {"path": str(Path(__file__).parent)}}
        NotebookClient(notebook, timeout=300, coalesce_streams=True, resources=resources).execute()
        if not check:
            for cell in notebook.cells:
                # Times of execution would change with every run.
                cell.metadata.pop("execution", None)
            notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
            nbformat.write(notebook, path)  # type: ignore[no-untyped-call,unused-ignore]
        print(f"{path.name}: {len(notebook.cells)} cells")


if __name__ == "__main__":
    main(sys.argv[1:])

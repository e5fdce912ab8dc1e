"""Imports within functions are of what is slow to load or rarely needed, by its family."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "hsi_viewer"
# Each takes 10 ms to 3 s to load; see "Imports" in CONTRIBUTING.md.
HEAVY = {
    "distributed", "h5py", "matplotlib", "numpy", "pooch", "rasterio", "requests", "scipy",
    "shapely", "skimage", "sklearn", "torch", "zarr",
}  # fmt: skip
HEAVY_PARTS = {"PySide6.QtSvg", "xml.sax.saxutils"}
FAMILIES = ("analysis", "app", "cli", "io", "jobs", "learning", "ui")


def late_imports() -> Iterator[tuple[Path, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import):
                        yield from ((path, alias.name) for alias in node.names)
                    elif isinstance(node, ast.ImportFrom) and node.module:
                        yield path, node.module


def test_only_what_is_slow_or_rare_is_imported_within_functions():
    found = [(path.relative_to(PACKAGE), name) for path, name in late_imports()]
    assert len(found) > 100
    others = [
        f"{path}: {name}"
        for path, name in found
        if not name.startswith("hsi_viewer.")
        and name.partition(".")[0] not in HEAVY
        and name not in HEAVY_PARTS
    ]
    assert others == []
    own = {name.split(".")[1] for _, name in found if name.startswith("hsi_viewer.")}
    assert own <= {*FAMILIES, "core"}

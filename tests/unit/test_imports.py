"""Imports within functions are of what is slow to load or rarely needed, by its family."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "hsi_viewer"
# Each takes 10 ms to 3 s to load; see "Imports" in CONTRIBUTING.md.
HEAVY = {
    "distributed", "h5py", "matplotlib", "numpy", "pooch", "rasterio", "requests", "scipy",
    "shapely", "skimage", "sklearn", "tifffile", "torch", "zarr",
}  # fmt: skip
HEAVY_PARTS = {"PySide6.QtSvg", "xml.sax.saxutils"}
FAMILIES = ("analysis", "app", "cli", "io", "jobs", "learning", "ui")


@cache
def trees() -> dict[Path, ast.Module]:
    """The code of every module."""
    return {p: ast.parse(p.read_text(encoding="utf-8")) for p in sorted(PACKAGE.rglob("*.py"))}


@cache
def late_imports() -> tuple[tuple[Path, str], ...]:
    return tuple(
        (path, name)
        for path, tree in trees().items()
        for node, is_late in statements(tree)
        if is_late and isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
    )


def statements(parent: ast.AST, is_late: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Each statement below another, and whether it is within a function."""
    is_late = is_late or isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef)
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        for node in getattr(parent, field, ()):
            yield node, is_late
            yield from statements(node, is_late)


@cache
def modules() -> dict[str, Path]:
    """Path of every module by its name."""
    paths = {p: p.relative_to(PACKAGE.parent).with_suffix("").parts for p in trees()}
    return {".".join(n for n in parts if n != "__init__"): p for p, parts in paths.items()}


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The modules that a statement imports, those of a package by their own names."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield alias.name
        elif node.module:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in modules() else node.module


def at_once(statements: list[ast.stmt]) -> Iterator[str]:
    """The modules that are imported when a file is."""
    for node in statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING":
            yield from at_once([*node.body, *node.orelse])
        elif isinstance(node, ast.Try | ast.With):
            yield from at_once(node.body)


@cache
def loaded_by(name: str) -> tuple[str, ...]:
    """The package of a module, and what the module imports itself."""
    return name.rpartition(".")[0], *at_once(trees()[modules()[name]].body)


def loaded_with(name: str) -> set[str]:
    """The modules of the package that are loaded once one is."""
    loaded, waiting = set[str](), [name]
    while waiting:
        name = waiting.pop()
        if name in modules() and name not in loaded:
            loaded.add(name)
            waiting += loaded_by(name)
    return loaded


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


def test_nothing_is_imported_late_that_the_file_loads_anyway():
    names = {path: name for name, path in modules().items()}
    loaded = {path: loaded_with(names[path]) for path in {p for p, _ in late_imports()}}
    assert max(map(len, loaded.values())) > 200  # the window's
    needless = {
        f"{names[path]}: {late}"
        for path, late in late_imports()
        if late in loaded[path] - {names[path]}
    }
    assert needless == set()

"""Each of the libraries that open geographic files is reached through one module."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import hsi_viewer

DOORS = {"rasterio": "io/files/gdal.py", "pyogrio": "io/files/gdal_vector.py"}
# Never used: each would be a door of its own.
OTHERS = {"osgeo", "fiona", "geopandas", "rioxarray", "xarray", "pyproj"}
# Arrays of xarray that are at hand, and nothing that opens files.
OF_XARRAY = "core/cube/xarray_form.py"
# What computes with arrays and systems that are at hand, and opens nothing.
HARMLESS = {
    "rasterio.crs": {"CRS"},
    "rasterio.errors": None,
    "rasterio.enums": None,
    "rasterio._err": {"CPLE_BaseError"},
    "rasterio.transform": {"Affine"},
    "rasterio.windows": {"Window"},
    "rasterio.features": {"rasterize", "shapes"},
    "rasterio.warp": {"Resampling", "reproject", "transform"},
}
# Texts that may be the name of a file or an address are looked at first.
OF_TEXTS = {"from_user_input", "from_string", "from_dict"}
OF_TEXTS_IN = "io/metadata/crs.py"
NAMED = re.compile("|".join((*DOORS, *OTHERS, *OF_TEXTS)))  # modules without need no closer look


def doors_in(tree: ast.AST, module: str) -> list[str]:
    """What a module uses of the libraries beside their doors."""
    found = []
    for node in ast.walk(tree):
        names: list[tuple[str, str | None]] = []
        if isinstance(node, ast.Import):
            names = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Attribute) and node.attr in OF_TEXTS and module != OF_TEXTS_IN:
            found.append(f"{module}: {node.attr}")
        elif isinstance(node, ast.Call) and _name_of(node.func) == "import_module":
            found += [f"{module}: {a.value}" for a in node.args if isinstance(a, ast.Constant)]
        for source, name in names:
            library = source.partition(".")[0]
            if library == "xarray" and module == OF_XARRAY:
                continue
            if library in OTHERS or (library in DOORS and not _may(module, library, source, name)):
                found.append(f"{module}: {source} {name or ''}".rstrip())
    return found


def _name_of(function: ast.expr) -> str | None:
    return getattr(function, "attr", None) or getattr(function, "id", None)


def _may(module: str, library: str, source: str, name: str | None) -> bool:
    if module == DOORS[library]:
        return True
    allowed = HARMLESS.get(source, set())
    return name is not None and (allowed is None or name in allowed)


def test_no_other_module_opens_files_through_gdal():
    root = Path(hsi_viewer.__file__).parent
    modules = sorted(root.rglob("*.py"))
    assert len(modules) > 200
    found = []
    for path in modules:
        module = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if NAMED.search(text):
            found += doors_in(ast.parse(text), module)
    assert [
        f for f in found if "rasterio" in f or "pyogrio" in f or f.split()[-1] in OF_TEXTS
    ] == []
    assert [f for f in found if f.split(": ")[1].split(".")[0].split()[0] in OTHERS] == []
    assert not re.search(r"\bxr\.(open|load)_\w+\(", (root / OF_XARRAY).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "code",
    [
        "import rasterio",
        "import rasterio.io as r",
        "def f():\n    from rasterio import open as o",
        "from rasterio.io import MemoryFile",
        "from rasterio.vrt import WarpedVRT",
        "import pyogrio.raw",
        "from pyogrio import read_dataframe",
        "from osgeo import ogr",
        "CRS.from_user_input(text)",
        "importlib.import_module('pyogrio')",
    ],
)
def test_other_doors_would_be_found(code):
    assert doors_in(ast.parse(code), "io/other.py") != []


@pytest.mark.parametrize("code", ["from rasterio.crs import CRS", "from rasterio.errors import A"])
def test_what_opens_nothing_is_free(code):
    assert doors_in(ast.parse(code), "io/other.py") == []

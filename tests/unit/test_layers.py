"""The layers hold: what must not be imported is not imported, in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
QT = {"PySide6", "shiboken6", "pyqtgraph", "qtawesome", "qtpy"}

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
for layer in {layers!r}:
    module = importlib.import_module("hsi_viewer." + layer)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
        importlib.import_module(found.name)
print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""

# All that happens until the window itself is built.
START = """
import os, sys, types
from hsi_viewer.cli import main
os.environ["QT_QPA_PLATFORM"] = "offscreen"
app = types.ModuleType("hsi_viewer.app")
app.run = lambda source, screenshot: 0
sys.modules["hsi_viewer.app"] = app
assert main(["scene.hdr"]) == 0
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def imported_by(code: str) -> set[str]:
    """Top-level packages that are loaded after code ran in a fresh interpreter."""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=PROJECT
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_everything_below_the_interface_runs_without_qt():
    layers = [
        *("core", "atomic", "io", "learning", "analysis", "rendering", "preferences", "session"),
        *("jobs", "cli"),
    ]
    assert not imported_by(IMPORT_EVERYTHING.format(layers=layers)) & QT


def test_the_command_line_starts_without_qt_torch_and_readers():
    loaded = imported_by(START)
    assert "argparse" in loaded
    assert not loaded & (QT | {"torch", "rasterio", "h5py", "rich", "numpy", "msgspec"})


def test_the_window_starts_without_torch():
    loaded = imported_by(IMPORT_EVERYTHING.format(layers=["app"]))
    assert "PySide6" in loaded
    assert not loaded & {"torch", "rasterio", "h5py", "matplotlib", "sklearn", "tensorly"}


def test_the_package_itself_imports_nothing_heavy():
    loaded = imported_by("import hsi_viewer, sys; print(*sys.modules)")
    assert "numpy" not in loaded


def test_the_names_of_the_package_are_there_without_torch_and_optional_packages():
    names = "open_cube, hsi_viewer.fit, hsi_viewer.read_labels, hsi_viewer.HyperCube"
    loaded = imported_by(f"import hsi_viewer, sys; hsi_viewer.{names}; print(*sys.modules)")
    assert "hsi_viewer.api" in loaded
    assert not loaded & {"torch", "sklearn", "xarray", "pandas", "rasterio", "h5py", "PySide6"}


@pytest.mark.parametrize("name", ["open_cube", "fit", "HyperCube", "TrainingConfig"])
def test_the_notebook_interface_is_there(name):
    import hsi_viewer

    assert getattr(hsi_viewer, name).__name__ == name


def test_import_contracts_hold():
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    assert run.returncode == 0, run.stdout
    assert "0 broken" in run.stdout

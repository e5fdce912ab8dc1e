"""pyproject.toml names what the application imports, and nothing else."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "hsi_viewer"
# Imported nowhere in the application, and needed all the same.
NOT_IMPORTED = {
    "tensorly": "the sample scene is among its files",
}
# Come with what is named.
COMES_WITH = {"shiboken6": "pyside6-essentials"}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: list[str]) -> set[str]:
    return {plain(re.match(r"[\w.-]+", line)[0]) for line in requirements}


def imports_of(folder: Path) -> set[str]:
    """Top-level names of all modules that are imported below a folder, late imports too."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"hsi_viewer"}


def distributions_of(modules: set[str]) -> set[str]:
    known = packages_distributions()
    return {plain(known[module][0]) if module in known else plain(module) for module in modules}


def project() -> dict:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_dependency_is_imported_and_every_import_is_a_dependency():
    needed = {COMES_WITH.get(name, name) for name in distributions_of(imports_of(PACKAGE))}
    extras = project()["optional-dependencies"]
    optional = named(extras["zarr"] + extras["xarray"] + extras["cluster"])
    assert needed - optional | set(NOT_IMPORTED) == named(project()["dependencies"])
    assert not needed & set(NOT_IMPORTED)


def test_benchmarks_need_the_extra_dev_at_most():
    extra = named(project()["optional-dependencies"]["dev"]) | named(project()["dependencies"])
    used = distributions_of(imports_of(PROJECT / "benchmarks")) - {"benchmarks", "tests"}
    assert {COMES_WITH.get(name, name) for name in used} <= extra


def test_all_that_is_named_is_pinned():
    text = (PROJECT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {plain(line.split("==")[0]) for line in text.splitlines() if "==" in line}
    extra = project()["optional-dependencies"]["dev"]
    assert named(project()["dependencies"] + extra) <= pinned


def test_what_is_imported_ahead_of_training_is_what_training_needs():
    code = (
        "import sys\n"
        "from hsi_viewer.core.progress import CancelToken, SilentPort\n"
        "from hsi_viewer.ui.features.training.torch_preload import import_trainer\n"
        "import_trainer(CancelToken(), SilentPort())\n"
        "import numpy as np\n"
        "from dataclasses import replace\n"
        "from hsi_viewer.api import fit\n"
        "from hsi_viewer.learning.recipe import PRESETS\n"
        "loaded = set(sys.modules)\n"
        "usual = PRESETS['fast']\n"
        "PRESETS['fast'] = replace(usual, training=replace(usual.training, steps=2))\n"
        "labels = np.zeros((12, 12), np.uint16)\n"
        "labels[::3, :5:2], labels[::3, 7::2] = 1, 2\n"
        "values = np.random.default_rng(0).normal(size=(12, 12, 6)) + labels[..., None]\n"
        "fit(values, labels).predict(values)\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))\n"
        "print(*sorted(set(sys.modules) - loaded))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    packages, late = (line.split() for line in run.stdout.split("\n")[:2])
    loaded = set(packages)
    assert len(late) < 20, late  # the first optimiser of torch alone would bring 800
    assert {"torch", "sklearn"} <= loaded
    assert not loaded & {"skimage", "matplotlib", "spectral", "rasterio", "h5py"}

"""The wheel holds what the application needs outside a checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that pip makes of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*pip, "--wheel-dir", str(folder), str(PROJECT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(folder.glob("hsi_viewer-*.whl")))


def test_every_resource_travels_in_the_wheel(wheel):
    resources = PROJECT / "resources"
    wanted = {
        f"hsi_viewer/resources/{p.relative_to(resources).as_posix()}"
        for p in resources.rglob("*")
        if p.is_file()
    }
    assert wanted
    assert wanted <= set(wheel.namelist())


def test_every_module_and_the_type_marker_are_in_the_wheel(wheel):
    wanted = {p.relative_to(PROJECT).as_posix() for p in (PROJECT / "hsi_viewer").rglob("*.py")} | {
        "hsi_viewer/py.typed"
    }
    assert wanted <= set(wheel.namelist())
    assert not [n for n in wheel.namelist() if n.startswith(("tests/", "benchmarks/"))]


def test_the_wheel_names_its_licence_and_its_command(wheel):
    info = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(info).decode())
    assert metadata["License-Expression"] == "BSD-3-Clause"
    commands = wheel.read(info.replace("METADATA", "entry_points.txt")).decode()
    assert "hsi-viewer = hsi_viewer.cli:main" in commands


def test_one_version_everywhere():
    import hsi_viewer

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == hsi_viewer.__version__
    assert f"version: {hsi_viewer.__version__}\n" in (PROJECT / "CITATION.cff").read_text()


def test_every_dependency_is_pinned():
    def name_of(line: str) -> str:
        return line.split(">")[0].split("=")[0].split("[")[0].strip().lower().replace("_", "-")

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    constraints = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {name_of(line) for line in constraints if "==" in line}
    assert {name_of(line) for line in wanted} <= pinned

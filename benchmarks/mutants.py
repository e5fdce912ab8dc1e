"""How many random single faults the tests notice: python -m benchmarks.mutants LAYER.

    python -m benchmarks.mutants core [--count 60] [--seed 0] [--seconds 120] [--file PART]

One fault at a time is put into a layer (a comparison turned over, a number changed, a condition
negated, a statement removed, arguments swapped, ...), and the unit tests that reach its module run
until one fails: first the test files beside it that import it, then the other importers, then
those that import an importer. Each row of results/mutants.csv is one fault. Those that survive are
read by a person, who writes into the column `judged` why no test can notice it, or the new test.
Linux and macOS only: the tests run in a forked process, which has imported the libraries already.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import os
import random
import re
import resource
import signal
import sys
import tempfile
import warnings
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.single_faults import faults
from benchmarks.table import Table

PROJECT = Path(__file__).resolve().parents[1]
LIBRARIES = (
    "h5py hypothesis.strategies numpy PIL.Image psygnal pydantic.fields pydantic.main pyogrio"
    " pytest rasterio.features safetensors.torch scipy.io scipy.ndimage scipy.optimize"
    " scipy.sparse.linalg shapely skimage.segmentation sklearn.svm spectral tifffile torch zarr"
)
ENVIRONMENT = {
    "CI": "1",
    "HSI_FUZZ_SECONDS": "1",
    "HSI_NO_SHRINKING": "1",
    "QT_QPA_PLATFORM": "offscreen",
}
OPTIONS = ("-x", "-q", "-W", "ignore", "-p", "no:cacheprovider", "-p", "no:faulthandler")
NO_TESTS = 5  # exit status of pytest


def main() -> None:
    """Put the faults in, one after the other, and write what the tests say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layer", help="a package of hsi_viewer, such as core")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--seconds", type=float, default=120.0, help="of the processor, for one fault"
    )
    parser.add_argument("--file", default="", help="only files whose path contains this")
    options = parser.parse_args()
    os.chdir(PROJECT)
    os.environ.update(ENVIRONMENT)
    warnings.simplefilter("ignore")
    for library in LIBRARIES.split():
        importlib.import_module(library)
    tests = Importers()
    table = Table("mutants", ("layer", "file", "line", "fault"), ("result", "by", "judged"))
    files = sorted(p for p in Path("hsi_viewer", options.layer).rglob("*.py"))
    files = [p for p in files if options.file in str(p)]
    for path, number in drawn(files, options.count, options.seed):
        tree, fault = ast.parse(path.read_text(encoding="utf-8")), None
        fault = faults(tree)[number]
        row = {"layer": options.layer, "file": path, "line": fault.line, "fault": fault.text}
        if not table.has(**row):
            fault.put_in()
            order = tests.of(module_name(path), path)
            result, by = noticed(module_name(path), path, tree, order, options.seconds)
            table.add(**row, result=result, by=by, judged="")


def drawn(files: list[Path], count: int, seed: int) -> list[tuple[Path, int]]:
    """So many faults at random, one a line at most, as (file, number of the fault)."""
    every = [
        (path, number, fault.line)
        for path in files
        for number, fault in enumerate(faults(ast.parse(path.read_text(encoding="utf-8"))))
    ]
    random.Random(seed).shuffle(every)  # noqa: S311 (a sample, not a secret)
    by_line: dict[tuple[Path, int], tuple[Path, int]] = {}
    for path, number, line in every:
        by_line.setdefault((path, line), (path, number))
    return list(by_line.values())[:count]


def module_name(path: Path) -> str:
    """Dotted name of a module from its path in the project."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


class Importers:
    """Which test files reach a module, the nearest first."""

    def __init__(self) -> None:
        sources = [*Path("hsi_viewer").rglob("*.py"), *Path("tests").rglob("*.py")]
        self.imports = {path: _imported(path) for path in sources}

    def of(self, module: str, path: Path) -> list[list[Path]]:
        """Unit test files by the steps from them to the module, first those in its own folder."""
        own = Path("tests", "unit", *path.parent.parts[1:])
        groups: list[list[Path]] = []
        names, seen, found = {module}, {module}, set[Path]()
        while names:
            users = [p for p, imported in self.imports.items() if imported & names]
            tests = {
                p for p in users if p.parts[:2] == ("tests", "unit") and p.name[:5] == "test_"
            } - found
            groups += [sorted(p for p in tests if p.parent == own)]
            groups += [sorted(p for p in tests if p.parent != own)]
            found |= tests
            names = {module_name(p) for p in users} - seen
            seen |= names
        return [group for group in groups if group]


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def noticed(
    module: str, path: Path, tree: ast.Module, tests: list[list[Path]], seconds: float
) -> tuple[str, str]:
    """("noticed", the test that failed) or ("survived" or "out of time", "") for one fault."""
    for files in tests:
        before = os.times()
        status, failed = _run(Faulty(module, path, tree), files, seconds)
        if status == -signal.SIGXCPU:
            return "out of time", ""
        if status not in (0, NO_TESTS):
            _check_without(failed)
            return "noticed", failed or f"(status {status})"
        seconds -= os.times().children_user - before.children_user
        if seconds < 1:
            return "out of time", ""
    return "survived", ""


@cache
def _check_without(test: str) -> None:
    """Stop where a test fails without any fault, too: it would notice everything."""
    if test:
        status, _ = _run(None, [Path(test)], 600.0)
        if status:
            raise SystemExit(f"{test} fails without a fault (status {status})")


def _run(faulty: Faulty | None, files: list[Path], seconds: float) -> tuple[int, str]:
    """Exit status and first failed test of pytest, in a process with all libraries imported."""
    with tempfile.TemporaryFile() as log:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 9))
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            sys.meta_path[:0] = [faulty] if faulty else []
            os._exit(pytest.main([*OPTIONS, *map(str, files)]))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        log.seek(0)
        failed = re.findall(rb"^(?:FAILED|ERROR) (\S+)", log.read(), re.MULTILINE)
        return status, failed[0].decode() if failed else ""


class Faulty(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a tree with a fault instead of from its file."""

    def __init__(self, module: str, path: Path, tree: ast.Module) -> None:
        self.module, self.path, self.tree = module, path.resolve(), tree

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        """The module's specification, None for every other module."""
        if name != self.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_source(self, fullname: str) -> str:
        """Return the text without the fault, for tracebacks."""
        return self.path.read_text(encoding="utf-8")

    def exec_module(self, module: ModuleType) -> None:
        """Run the tree."""
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)  # noqa: S102


if __name__ == "__main__":
    main()

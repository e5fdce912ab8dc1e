"""How many random single faults the tests notice: python -m benchmarks.mutants LAYER.

    python -m benchmarks.mutants core [--count 60] [--seed 0] [--seconds 120] [--file PART]
    python -m benchmarks.mutants core --again

One fault at a time is put into a layer (a comparison turned over, a number changed, a condition
negated, a statement removed, arguments swapped, ...), and the unit tests that call its function run
until one fails, the quickest first; which tests call what is found by running each test file once,
again when it has changed (build/callers). Each row of results/mutants.csv is one fault. Those that
survive are read by a person, who writes a test, or "equivalent: ..." into the column `judged` where
no test can notice it; `--again` puts in the other survivors once more. `benchmarks.report` counts.
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
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.callers import Callers
from benchmarks.single_faults import faults
from benchmarks.table import Table

PROJECT = Path(__file__).resolve().parents[1]
LIBRARIES = (
    "h5py hypothesis.strategies msgspec numpy PIL.Image psygnal pyogrio"
    " pytest rasterio.features safetensors.torch scipy.io scipy.ndimage scipy.optimize"
    " scipy.sparse.linalg shapely skimage.segmentation sklearn.svm spectral tifffile torch zarr"
)
ENVIRONMENT = {
    "CI": "1",
    "HSI_FUZZ_ROUNDS": "20",
    "HSI_NO_SHRINKING": "1",
    "QT_QPA_PLATFORM": "offscreen",
}
OPTIONS = ("-x", "-q", "-W", "ignore", "-p", "no:cacheprovider", "-p", "no:faulthandler")
NO_TESTS = 5  # exit status of pytest
LONGEST, START_SECONDS = 5.0, 15.0  # so many times as long, and more to begin: it does not end
WAITS = 20.0  # seconds for each of the processor's
QUICK_SECONDS = 0.5  # tests that take longer run after all others, in a second process
ABOVE = ("analysis", "jobs", "session", "learning")  # layers whose tests reach others, too


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
    parser.add_argument("--again", action="store_true", help="only what survived, once more")
    options = parser.parse_args()
    os.chdir(PROJECT)
    os.environ.update(ENVIRONMENT)
    warnings.simplefilter("ignore")
    for library in LIBRARIES.split():
        importlib.import_module(library)
    tests = Tests(options.layer)
    table = Table("mutants", ("layer", "file", "line", "fault"), ("result", "by", "judged", "seed"))
    with tempfile.TemporaryDirectory() as folder:  # else pytest clears up after other runs first
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        if options.again:
            again(table, tests, options.layer, options.file, options.seconds)
        else:
            sampled(table, tests, options)


def sampled(table: Table, tests: Tests, options: argparse.Namespace) -> None:
    """Put in faults drawn at random that the table has not yet."""
    files = sorted(p for p in Path("hsi_viewer", options.layer).rglob("*.py"))
    files = [p for p in files if options.file in str(p)]
    for path, number in drawn(files, options.count, options.seed):
        tree, fault = ast.parse(path.read_text(encoding="utf-8")), None
        fault = faults(tree)[number]
        row = {"layer": options.layer, "file": path, "line": fault.line, "fault": fault.text}
        if not table.has(**row):
            order = tests.of(path, tree, fault.line)
            fault.put_in()
            result, by = noticed(path, tree, order, options.seconds)
            table.add(**row, result=result, by=by, judged="", seed=options.seed)


def again(table: Table, tests: Tests, layer: str, part: str, seconds: float) -> None:
    """Put in what survived and isn't equivalent once more, after tests were added."""
    for row in table.rows():
        path = Path(row["file"])
        wanted = row["layer"] == layer and part in row["file"] and path.exists()
        if not wanted or row["result"].startswith("noticed") or is_equivalent(row):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        same = [fault for fault in faults(tree) if fault.text == row["fault"]]
        if same:  # the line may have moved
            fault = min(same, key=lambda fault: abs(fault.line - int(row["line"])))
            order = tests.of(path, tree, fault.line)
            fault.put_in()
            result, by = noticed(path, tree, order, seconds)
            result = "noticed by a new test" if result == "noticed" else result
            table.change(row | {"result": result, "by": by})


def is_equivalent(row: dict[str, str]) -> bool:
    """Whether a person found that no test can notice the fault of a row."""
    return row["judged"].startswith("equivalent")


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


@dataclass
class Group:
    """Tests that run in one process, and how long they take without a fault."""

    tests: list[str]
    seconds: float


class Tests:
    """Which unit tests reach a place in a module, in groups that are run one after the other."""

    def __init__(self, layer: str) -> None:
        folders = [layer, *(other for other in ABOVE if layer != other)]
        self._callers = Callers(folders)
        self._imports = {p: _imported(p) for p in Path("hsi_viewer").rglob("*.py")}

    def of(self, path: Path, tree: ast.Module, line: int) -> list[Group]:
        """Quick tests and slow ones, each file by file, for tests of a file may share fixtures."""
        module = module_name(path)
        users = {p.as_posix() for p, imported in self._imports.items() if module in imported}
        by_file: dict[str, list[str]] = {}
        for test in self._callers.of(path, tree, line, users):
            by_file.setdefault(test.split("::")[0], []).append(test)
        quick, slow = Group([], 0.0), Group([], 0.0)
        for test in (test for tests in by_file.values() for test in tests):
            seconds = self._callers.seconds(test)
            group = slow if seconds > QUICK_SECONDS else quick
            group.tests.append(test)
            group.seconds += seconds
        return [group for group in (quick, slow) if group.tests]


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def noticed(path: Path, tree: ast.Module, tests: list[Group], seconds: float) -> tuple[str, str]:
    """("noticed", the test that failed) or ("survived" or "out of time", "") for one fault."""
    for group in tests:
        before = os.times()
        limit = min(seconds, LONGEST * group.seconds + START_SECONDS)
        status, failed = _run(Faulty(module_name(path), path, tree), group.tests, limit)
        if status in (-signal.SIGXCPU, -signal.SIGALRM):
            return ("out of time", "") if limit == seconds else ("noticed", "(endless)")
        if status not in (0, NO_TESTS):
            return "noticed", failed or f"(status {status})"
        seconds -= os.times().children_user - before.children_user
        if seconds < 1:
            return "out of time", ""
    return "survived", ""


def _run(faulty: Faulty, tests: list[str], seconds: float) -> tuple[int, str]:
    """Exit status and first failed test of pytest, in a process with all libraries imported."""
    with tempfile.TemporaryFile() as log:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 9))
            signal.alarm(int(WAITS * seconds))  # for what waits and takes no time of the processor
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            sys.meta_path.insert(0, faulty)
            os._exit(pytest.main([*OPTIONS, *tests]))
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

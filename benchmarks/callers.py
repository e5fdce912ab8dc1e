"""Which unit tests call a function: each test file is run once, and what it calls is kept."""

from __future__ import annotations

import ast
import cProfile
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

Place = tuple[str, str]  # file and qualified name of a function
PACKAGE = f"{os.sep}hsi_viewer{os.sep}"
KEPT = Path("build", "callers")  # one file a test file, named by its text


class Recorder:
    """A plugin of pytest that keeps the seconds of each test and the functions that it calls.

    What a test's fixtures call counts for every test of the file, which may share them. Tests that
    fail are left out: they would notice everything.
    """

    def __init__(self) -> None:
        self.tests: dict[str, tuple[float, set[Place]]] = {}
        self.failed: set[str] = set()
        self._here: set[Place] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """Keep what fixtures call."""
        return (yield from self._kept(item.nodeid.split("::")[0]))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Keep what a test calls, with all its parameters."""
        return (yield from self._kept(item.nodeid.split("[")[0]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails without any fault."""
        if report.failed:
            self.failed.add(report.nodeid.split("[")[0])

    def _kept(self, name: str) -> Iterator[None]:
        self._here = set()
        profile, start = cProfile.Profile(builtins=False), time.process_time()
        threading.setprofile(self._seen)
        profile.enable()
        try:
            return (yield)
        finally:
            profile.disable()
            threading.setprofile(None)  # type: ignore[arg-type]
            for entry in profile.getstats():
                if isinstance(entry.code, CodeType):
                    self._note(entry.code)
            seconds, places = self.tests.get(name, (0.0, set()))
            self.tests[name] = seconds + time.process_time() - start, places | self._here

    def _seen(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            self._note(frame.f_code)

    def _note(self, code: CodeType) -> None:
        if PACKAGE in code.co_filename:
            part = Path(code.co_filename.rpartition(PACKAGE)[2])
            self._here.add((f"hsi_viewer/{part.as_posix()}", code.co_qualname))

    def write(self, file: str) -> None:
        """Keep what was found of a test file."""
        sound = {n: found for n, found in self.tests.items() if n not in self.failed}
        tests = {n: (t, sorted(p)) for n, (t, p) in sound.items() if n.split("::")[0] == file}
        kept = _kept_of(Path(file))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(tests), encoding="utf-8")


class Callers:
    """The unit tests that call a function, the quickest first.

    Test files that have changed are run first.

    Parameters
    ----------
    folders : of tests/unit, besides the files in it.
    """

    def __init__(self, folders: Iterable[str]) -> None:
        unit = Path("tests", "unit")
        below = (path for folder in folders for path in (unit / folder).rglob("test_*.py"))
        files = sorted({*unit.glob("test_*.py"), *below})
        if changed := [str(p) for p in files if not _kept_of(p).exists()]:
            subprocess.run([sys.executable, "-m", "benchmarks.callers", *changed], check=True)
        self._tests: dict[str, tuple[float, set[Place]]] = {}
        for file in files:
            found = json.loads(_kept_of(file).read_text(encoding="utf-8"))
            seconds, shared = found.get(file.as_posix(), (0.0, []))
            for name, (own, places) in found.items():
                if "::" in name:
                    called = {(path, function) for path, function in (*places, *shared)}
                    self._tests[name] = seconds + own, called

    def of(self, path: Path, tree: ast.Module, line: int, users: set[str]) -> list[str]:
        """Tests that call the innermost function around a line.

        Of a line outside of functions, the tests that call anything of its file or of `users`,
        the files that import it.
        """
        function, file = function_around(tree, line), path.as_posix()

        def reaches(place: Place) -> bool:
            if not function:
                return place[0] == file or place[0] in users
            return place[0] == file and f"{place[1]}.".startswith(f"{function}.")

        found = [name for name, (_, called) in self._tests.items() if any(map(reaches, called))]
        return sorted(found, key=lambda name: self._tests[name][0])

    def seconds(self, test: str) -> float:
        """What a test takes, with the fixtures of its file."""
        return self._tests[test][0]


def function_around(tree: ast.AST, line: int, inside: str = "") -> str:
    """Qualified name of the innermost function whose body has a line; "" outside of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            name = f"{inside}{node.name}"
            if isinstance(node, ast.ClassDef):
                if found := function_around(node, line, f"{name}."):
                    return found
            elif node.body[0].lineno <= line <= (node.end_lineno or node.lineno):
                return function_around(node, line, f"{name}.<locals>.") or name
        elif found := function_around(node, line, inside):
            return found
    return ""


def _kept_of(file: Path) -> Path:
    text = str(file).encode() + file.read_bytes()
    return KEPT / f"{hashlib.sha256(text).hexdigest()[:24]}.json"


def main() -> None:
    """Run test files and keep what their tests call."""
    for file in sys.argv[1:]:
        recorder = Recorder()
        pytest.main(["-q", "-W", "ignore", "-p", "no:cacheprovider", file], plugins=[recorder])
        recorder.write(file)


if __name__ == "__main__":
    main()

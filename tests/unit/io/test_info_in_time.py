"""`info` reads in a process that can be ended: no file makes it take long."""

from __future__ import annotations

import os

import numpy as np
import pytest

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files import probe
from hsi_viewer.io.files.probe import Probe
from hsi_viewer.io.info import NOT_EXAMINED, cube_info
from hsi_viewer.io.info_in_time import Found, found_in_time

ARRAY = np.arange(50 * 12 * 4, dtype="i2").reshape(50, 12, 4)
posix = pytest.mark.skipif(os.name == "nt", reason="Windows counts no time of the processor")
ENDLESS = """
from hsi_viewer.io import info, probe_child
from hsi_viewer.io.files import probe
def does_not_end(cube):
    while True:
        pass
probe.TOLD_CPU_SECONDS = 0.5
info._examined = does_not_end
info.open_cube("{}"), probe_child.main()
"""
ASKED = "import os, signal, sys, time\nsys.stdin.readline()\n"
FACTS = 'print(\'{"facts": {"rows": 50}}\', flush=True)\n'
ALIVE = "while True:\n    print('alive', flush=True)\n    time.sleep(0.05)"


@pytest.fixture
def path(tmp_path):
    np.save(tmp_path / "a.npy", ARRAY)
    return tmp_path / "a.npy"


@pytest.fixture
def helper(path, monkeypatch):
    """Puts a script in the place of the helper."""
    probes = []

    def replaced(script: str) -> None:
        (path.parent / "slow_helper.py").write_text(script)
        monkeypatch.syspath_prepend(str(path.parent))
        monkeypatch.setattr(probe, "CHILD", "slow_helper")
        probes.append(Probe())
        monkeypatch.setattr(probe, "_probe", probes[-1])

    yield replaced
    for one in probes:
        one.end()


def test_the_facts_are_those_of_the_file(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    assert found_in_time(path.name, diagnose=True) == Found(cube_info(path))


def test_what_a_reader_refuses_is_refused_in_its_words(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\0\x10\0{")
    with pytest.raises(FormatError) as expected:
        cube_info(tmp_path / "a.npy")
    found = found_in_time(str(tmp_path / "a.npy"), diagnose=True)
    assert type(found.error) is type(expected.value)
    assert str(found.error) == str(expected.value)
    assert found.facts is None


@posix
def test_values_that_take_too_long_are_left_out(helper, path):
    """As a strip that unpacks to gigabytes."""
    helper(ENDLESS.format(path))
    facts = found_in_time(str(path), diagnose=True).facts
    assert facts == {**cube_info(path), "warnings": [NOT_EXAMINED]}


def test_values_on_a_drive_that_does_not_answer_are_left_out(helper, path, monkeypatch):
    monkeypatch.setattr(probe, "TOLD_SECONDS", 0.2)
    helper(ASKED + FACTS + ALIVE)
    assert found_in_time(str(path), diagnose=True) == Found({"rows": 50})


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param("os.kill(os.getpid(), signal.SIGPROF)", "takes long to examine", marks=posix),
        ("os.abort()", "cannot be opened: the HDF5 library crashes on it"),
    ],
)
def test_what_ends_the_helper_before_anything_is_known_is_refused(helper, path, end, expected):
    helper(ASKED + end)
    found = found_in_time(str(path), diagnose=True)
    assert isinstance(found.error, FileError)
    assert str(found.error).startswith(f"{path} {expected}")


def test_a_fault_of_the_helper_is_met_again_here(helper, path, monkeypatch):
    def wrong(source):
        raise ZeroDivisionError

    helper(ASKED + 'print(\'{"fault": "x"}\\ndone\', flush=True)')
    assert found_in_time(str(path), diagnose=True).facts == cube_info(path)
    monkeypatch.setattr("hsi_viewer.io.info._library_of", wrong)
    helper(ASKED + 'print(\'{"fault": "x"}\\ndone\', flush=True)')
    with pytest.raises(ZeroDivisionError):
        found_in_time(str(path), diagnose=True)


def test_without_a_helper_the_file_is_read_here(path, monkeypatch):
    expected = cube_info(path)
    monkeypatch.setattr(probe, "_probe", Probe())
    monkeypatch.setattr("sys.executable", str(path.with_name("missing")))
    assert found_in_time(str(path), diagnose=False) == Found(expected)


def test_a_scene_that_is_downloaded_takes_its_time(monkeypatch):
    asked = []
    monkeypatch.setattr("hsi_viewer.io.info.open_cube", lambda s: asked.append(s) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        found_in_time("scene:salinas", diagnose=False)
    assert asked == ["scene:salinas"]

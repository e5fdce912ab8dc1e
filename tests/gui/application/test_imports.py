"""What is imported ahead of time or late, and what imports leave behind."""

from __future__ import annotations

import gc
import linecache
import os
import subprocess
import sys

import pytest

from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.ui.features.training import torch_preload
from tests.patience import PATIENCE


def test_pyside_does_not_read_the_source_of_other_modules(qapp, tmp_path, monkeypatch):
    path = tmp_path / "hsi_a_module_of_this_test.py"
    path.write_text("WORD = 'PySide6'\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import hsi_a_module_of_this_test

    assert hsi_a_module_of_this_test.WORD == "PySide6"
    assert str(path) not in linecache.cache


@pytest.fixture
def imports(monkeypatch) -> list[str]:
    """Takes note in the place of importing torch."""
    noted: list[str] = []
    monkeypatch.setattr(
        torch_preload, "import_trainer", lambda _token, _port: noted.append("trainer")
    )
    return noted


def test_the_trainer_is_imported_once_when_nothing_else_runs(driver, imports):
    import threading

    gate, started = threading.Event(), []
    tasks, ahead = driver.window.workspace.tasks, driver.window.feature("training").preload
    opened = driver.window.context.opening.opened
    opened.connect(  # with the scene: later, a busy machine might have rested already
        lambda: started.append(
            tasks.start("What the user waits for", lambda _token, _port: gate.wait(PATIENCE))
        )
    )
    with driver.qtbot.waitSignal(opened):
        driver.window.open("sample:indian-pines")
    rested = []
    ahead._rest.timeout.connect(lambda: rested.append(ahead.started))
    driver.qtbot.waitUntil(lambda: len(rested) > 1)
    assert not any(rested)
    with driver.qtbot.waitSignal(started[0].ended):
        gate.set()
    driver.qtbot.waitUntil(lambda: imports == ["trainer"])
    ahead.start_soon()
    assert not ahead._rest.isActive()


def test_a_cancelled_import_leaves_the_collector_on(monkeypatch):
    monkeypatch.setattr(torch_preload, "MODULES", ("csv", "hsi_viewer.no_such_module"))
    monkeypatch.setattr(torch_preload, "load_library_of_torch", lambda: None)
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        torch_preload.import_trainer(token, None)
    with pytest.raises(ModuleNotFoundError):
        torch_preload.import_trainer(CancelToken(), None)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


START = """
import gc, os, sys
from argparse import Namespace
from hsi_viewer.cli.commands import open_window
from PySide6.QtWidgets import QApplication
collected = []
gc.collect()  # what importing the above has left to be collected
gc.callbacks.append(lambda phase, info: collected.append(info["generation"]))
QApplication.exec = lambda *_: 0  # shown, and nothing done in it
open_window.run(Namespace(cube=None, screenshot=None, overwrite=False))
print([name for name in {slow} if name in sys.modules])
print(collected, gc.isenabled(), gc.get_freeze_count() > 10_000)
sys.stdout.flush()
os._exit(0)
"""


def test_the_window_needs_no_slow_library_and_no_collection_of_garbage(tmp_path):
    """Torch and the like come with the first scene, file formats with their first file."""
    slow = ("torch", "sklearn", "scipy.ndimage", "h5py", "rasterio", "pyproj", "spectral")
    homes = {f"XDG_{kind}_HOME": str(tmp_path) for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
    out = subprocess.run(
        [sys.executable, "-c", START.replace("{slow}", repr(slow))],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **homes},
    )
    assert out.stdout.splitlines() == ["[]", "[] True True"]

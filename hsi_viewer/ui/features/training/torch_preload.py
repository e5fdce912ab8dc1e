"""TrainerImport: torch and the trainer, imported ahead of time while the interface continues."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.garbage import allow_collection, no_collection
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.rest_timer import RestTimer

if TYPE_CHECKING:
    from hsi_viewer.ui.workspace import Workspace

MODULES = (
    "scipy.ndimage", "scipy.optimize", "scipy.spatial", "torch", "sklearn.tree",
    "hsi_viewer.learning.trainer",
)  # fmt: skip
REST_MS = 300  # without work that the user waits for


class TrainerImport(QObject):
    """Imports torch once a scene is shown and nothing else runs.

    Parameters
    ----------
    workspace : its tasks are what is waited for.
    """

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.started = False
        self._rest = RestTimer(REST_MS, self._start, self)

    @Slot()
    def start_soon(self) -> None:
        """Import when the interface rests."""
        if not self.started and self._workspace.works_ahead:
            self._rest.start()

    @Slot()
    def _start(self) -> None:
        if any(not task.quiet for task in self._workspace.tasks.running):
            self._rest.start()
        elif not self.started:
            self.started = True
            self._workspace.tasks.start("Preparing the trainer", import_trainer, quiet=True)

    def close(self) -> None:
        """The window goes: what it held may be collected as all else."""
        self._rest.stop()
        allow_collection()


def import_trainer(token: CancelToken, _port: ProgressPort) -> None:
    """Import torch so that neither the first Train nor the interface waits for it."""
    if MODULES[-1] in sys.modules:
        return
    token.check()
    load_library_of_torch()
    with no_collection():
        for module in MODULES:
            import_module(module)
            token.check()


def load_library_of_torch() -> None:
    """Load torch's large library before torch does, without Python's lock.

    An import holds the lock while the system loads and starts a library, here for a quarter of a
    second; a foreign function is called without it. What fails here, torch loads itself.
    """
    spec = find_spec("torch")
    if spec is None or os.name != "posix":
        return
    load = ctypes.CDLL(None).dlopen
    load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for location in spec.submodule_search_locations or ():
        for path in Path(location, "lib").glob("libtorch_cpu.*"):
            load(os.fsencode(path), os.RTLD_NOW)

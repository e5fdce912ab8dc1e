"""The helper process of `probe`: touches of an HDF5 file what the readers will touch of it.

It gives a sign of life when it is ready. A request is a line of JSON on standard input; the answer
is "done", with a sign of life every quarter of a second until then. What the file holds is not
told: an error is raised again, and worded, by the reader in the process that asked. Only to who
asks for `info` it is: a line of JSON for each step.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hsi_viewer.io.files.probe as asking
from hsi_viewer.core.errors import HsiError

if TYPE_CHECKING:
    import h5py

    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.io.arrays.hdf5 import H5File

BEAT_SECONDS = 0.25
ALIVE = b"alive\n"
_writing = threading.Lock()  # lines of two threads do not mix


def main() -> None:
    """Answer requests until there are no more."""
    asking.trust_all()
    os.chdir(os.path.abspath(os.sep))  # noqa: PTH100 - what is held here can't be deleted on Windows
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the parent ends it
    replies = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.write(replies, ALIVE)  # from now on, to be silent is to hang
    busy = threading.Event()
    threading.Thread(target=_beat, args=(replies, busy), daemon=True).start()
    with os.fdopen(nowhere, "w") as silent:
        for line in sys.stdin:
            request = json.loads(line)
            busy.set()
            _limit(asking.TOLD_CPU_SECONDS if "info" in request else asking.CPU_SECONDS)
            # it runs without Python's lock: also if nobody is left to end this one
            faulthandler.dump_traceback_later(2 * asking.TOTAL_SECONDS, exit=True, file=silent)
            if "info" in request:
                _tell(replies, request)
            else:
                touch(Path(request["path"]), request["wanted"])
            _close_all()
            faulthandler.cancel_dump_traceback_later()
            _limit(0)
            busy.clear()
            os.write(replies, asking.DONE)


def _tell(replies: int, request: dict[str, Any]) -> None:
    """Tell what `info` prints of a file, step by step."""
    from hsi_viewer.io.info import steps

    home = Path.cwd()
    os.chdir(request["folder"] or home)
    try:
        for step in steps(request["info"], diagnose=request["diagnose"]):
            _write(replies, step)
    except Exception as error:  # noqa: BLE001 - who asked meets it, too, and reports it
        _write(replies, {"fault": repr(error)})
    os.chdir(home)


def _write(replies: int, step: dict[str, Any]) -> None:
    line = f"{json.dumps(step)}\n".encode()
    with _writing:
        while line:
            line = line[os.write(replies, line) :]


def _beat(replies: int, busy: threading.Event) -> None:
    with suppress(OSError):  # nobody listens any more
        while busy.wait():
            with _writing:
                os.write(replies, ALIVE)
            time.sleep(BEAT_SECONDS)


def _limit(seconds: int) -> None:
    """Have the system end this process after some seconds of processor time; 0: never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def touch(path: Path, wanted: str | None) -> None:
    """Read the metadata and positions of everything in a file, and a few values."""
    from hsi_viewer.io.arrays.hdf5 import H5File
    from hsi_viewer.io.files.identify import MATLAB_7, magic_of
    from hsi_viewer.io.products.hdf5_file import open_any

    with suppress(HsiError):
        _touch_all(H5File(path, magic_of(path).startswith(MATLAB_7), wanted))
        _sample(open_any(path, wanted))


def _touch_all(container: H5File) -> None:
    import h5py

    from hsi_viewer.io.arrays.hdf5_source import H5_ERRORS, is_elsewhere

    for name, item in container.names.items():
        with suppress(HsiError, *H5_ERRORS):
            container.attributes(name)
        if isinstance(item, h5py.Dataset) and not is_elsewhere(item):
            with suppress(HsiError, *H5_ERRORS):
                _touch_corners(item)
            with suppress(HsiError, *H5_ERRORS):
                container.dimensions(name)
                container.text(name)


def _touch_corners(dataset: h5py.Dataset) -> None:
    """Walk through the index of the chunks, which may lead in circles."""
    if dataset.chunks is not None:
        dataset.id.get_num_chunks()


def _sample(cube: HyperCube) -> None:
    """Values at both ends and in the middle."""
    for row, column, band in zip(*((0, n // 2, n - 1) for n in cube.shape), strict=True):
        cube.read(slice(row, row + 1), slice(column, column + 1), [band])


def _close_all() -> None:
    """Let go of every file, which on Windows could not be replaced or deleted otherwise."""
    if "h5py" not in sys.modules:
        return
    import h5py

    for identifier in h5py.h5f.get_obj_ids(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE):
        with suppress(OSError, RuntimeError, ValueError):
            h5py.File(identifier).close()


if __name__ == "__main__":
    main()

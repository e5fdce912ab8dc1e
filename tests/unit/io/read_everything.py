"""Gives every file below a folder to every reader, with the network functions blocked.

python read_everything.py FOLDER REPORT PORT CANARIES: a process of its own, for what a reader could
do to it. The report lists what was tried and should not have been, and ends with what must be
noticed: a request by Python, one by GDAL, and a canary that a library opens.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

FOLDER, REPORT, PORT = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
CANARIES = Path(sys.argv[4])
MOST_SECONDS = 20  # of the processor, for one file by one reader
ACTS = (
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen",
    "os.system", "os.exec", "os.posix_spawn", "os.fork", "urllib.Request",
)  # fmt: skip
CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.truncate", "os.mkdir", "os.link")
found: list[str] = []
watching = False


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if not watching:
        return
    if event in ACTS:
        found.append(f"{event} {arguments[:2]}")
        raise PermissionError(event)
    inside = str(arguments[0] if arguments else "").startswith(str(FOLDER))
    wrote = event == "open" and inside and int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
    if wrote or (event in CHANGES and inside):
        found.append(f"{event} {arguments[0]}")


class Opened:
    """The names of files in a folder that anything opens or changes, as Linux tells.

    Audit hooks do not see what libraries in C open.
    """

    MASK = 0x20 | 0x2 | 0x100 | 0x200  # IN_OPEN, IN_MODIFY, IN_CREATE, IN_DELETE
    EVENT = struct.Struct("iIII")

    def __init__(self, folder: Path) -> None:
        self._handle = None
        if sys.platform == "linux":
            libc = ctypes.CDLL(None, use_errno=True)
            self._handle = libc.inotify_init1(os.O_NONBLOCK)
            assert libc.inotify_add_watch(self._handle, os.fsencode(folder), self.MASK) > 0

    def names(self) -> set[str]:
        """Those since the last call."""
        raw = b""
        if self._handle is not None:
            with suppress(BlockingIOError):
                while True:
                    raw += os.read(self._handle, 1 << 16)
        seen = set()
        while raw:
            _, _, _, length = self.EVENT.unpack_from(raw)
            end = self.EVENT.size + length
            seen.add(raw[self.EVENT.size : end].rstrip(b"\0").decode())
            raw = raw[end:]
        return seen


def main() -> None:
    global watching
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.core.cube.georeference import Georeference
    from hsi_viewer.core.errors import HsiError
    from hsi_viewer.io.files import probe
    from hsi_viewer.io.info import cube_info
    from hsi_viewer.io.labels.label_file import read_labels
    from hsi_viewer.io.labels.legend_file import read_legend
    from hsi_viewer.io.libraries.spectral_library import read_library
    from hsi_viewer.io.opening import open_cube
    from hsi_viewer.io.regions.import_export import import_regions
    from hsi_viewer.io.sidecars import sidecar
    from hsi_viewer.learning.model import load_model
    from hsi_viewer.preferences.settings import load_settings
    from hsi_viewer.session.storage.project_file import read_project_data

    georeference = Georeference((1, 0, 0, 0, -1, 10), None)
    scene = HyperCube.from_array(np.zeros((10, 10, 1), "u1"), georeference=georeference)
    readers = {
        "cube": lambda path: open_cube(path).read(),
        "info": cube_info,
        "labels": read_labels,
        "regions": lambda path: import_regions(path, scene),
        "library": read_library,
        "legend": read_legend,
        "sidecar": sidecar.load,
        "session": read_project_data,
        "settings": load_settings,
        "model": load_model,
    }
    probe.trust_all()  # its helper does what is done here
    platform.processor()  # asked for once by a library, of the program "uname"
    harmless = FOLDER.parent / "harmless.kml"
    harmless.write_text("<kml/>")
    for read in readers.values():  # imports, which are not what is watched
        with suppress(HsiError):
            read(harmless)
    sys.addaudithook(watch)
    outcomes: dict[str, int] = {}
    other: list[str] = []
    opened = Opened(CANARIES)
    watching = True
    paths = sorted(p for p in FOLDER.rglob("*") if p.is_file() or p.suffix == ".zarr")
    for path in paths:
        for name, read in readers.items():
            start = time.process_time()
            try:
                read(path)
                outcome = "read"
            except HsiError as error:
                outcome = "refused"
                if not str(error):
                    other.append(f"{name} {path.name}: no reason")
            except Exception as error:  # noqa: BLE001 - to be reported
                outcome = "failed"
                other.append(f"{name} {path.name}: {error!r}")
            outcomes[f"{name} {outcome}"] = outcomes.get(f"{name} {outcome}", 0) + 1
            if (seconds := time.process_time() - start) > MOST_SECONDS:
                other.append(f"{name} {path.name}: {seconds:.0f} s")
            if names := opened.names():
                found.append(f"{name} {path}: opened {names}")
    tried, found[:] = list(found), []
    control(outcomes, opened)
    facts = {"tried": tried, "failed": other, "files": len(paths), "outcomes": outcomes}
    REPORT.write_text(json.dumps(facts))


def control(outcomes: dict[str, int], opened: Opened) -> None:
    """Do what must be noticed."""
    try:
        socket.create_connection(("127.0.0.1", PORT), 5)
    except PermissionError:
        outcomes["control by Python"] = len(found)
    import rasterio

    try:
        rasterio.open(f"/vsicurl/http://127.0.0.1:{PORT}/control/a.tif")
    except rasterio.errors.RasterioIOError:
        outcomes["control by GDAL"] = 1
    rasterio.open(CANARIES / "a.tif").close()
    outcomes["control of canaries"] = len(opened.names())


if __name__ == "__main__":
    main()

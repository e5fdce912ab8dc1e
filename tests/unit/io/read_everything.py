"""Gives every file below a folder to every reader, with the network functions blocked.

python read_everything.py FOLDER REPORT PORT: a process of its own, for what a reader could do to
it. The report lists what was tried and should not have been, and ends with two requests that must
be noticed: one by Python, one by GDAL.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

FOLDER, REPORT, PORT = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
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


def main() -> None:
    global watching
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.core.cube.georeference import Georeference
    from hsi_viewer.core.errors import HsiError
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
    platform.processor()  # asked for once by a library, of the program "uname"
    harmless = FOLDER.parent / "harmless.kml"
    harmless.write_text("<kml/>")
    for read in readers.values():  # imports, which are not what is watched
        with suppress(HsiError):
            read(harmless)
    sys.addaudithook(watch)
    outcomes: dict[str, int] = {}
    other: list[str] = []
    watching = True
    for path in sorted(p for p in FOLDER.rglob("*") if p.is_file()):
        for name, read in readers.items():
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
    tried, found[:] = list(found), []
    try:
        socket.create_connection(("127.0.0.1", PORT), 5)
    except PermissionError:
        outcomes["control by Python"] = len(found)
    import rasterio

    try:
        rasterio.open(f"/vsicurl/http://127.0.0.1:{PORT}/control/a.tif")
    except rasterio.errors.RasterioIOError:
        outcomes["control by GDAL"] = 1
    REPORT.write_text(json.dumps({"tried": tried, "failed": other, "outcomes": outcomes}))


if __name__ == "__main__":
    main()

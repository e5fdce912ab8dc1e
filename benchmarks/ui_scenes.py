"""How long a scene of the panel Scenes takes to come in place of another."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from benchmarks.big_scene import write_big_scene
from benchmarks.ui_actions import Hands, Heartbeat, Painted, Span, close, now

SAMPLE = "sample:indian-pines"
TURNS = 8


def write_session(source: str, path: Path) -> None:
    """A session with some labels of a scene."""
    from hsi_viewer.core.labels.classes import LabelClass
    from hsi_viewer.io.opening import open_cube
    from hsi_viewer.session.storage.cube_reference import reference_to
    from hsi_viewer.session.storage.project_file import write_project
    from hsi_viewer.session.storage.session_data import SessionData

    cube = open_cube(source)
    ids = np.zeros(cube.shape[:2], np.uint16)
    ids[10:20, 10:20], ids[40:50, 10:20] = 1, 2
    classes = (LabelClass(1, "first", (200, 0, 0)), LabelClass(2, "second", (0, 0, 200)))
    write_project(path, SessionData(reference_to(source, cube), classes), ids, None, {})


def measure_switching() -> dict[str, object]:
    """Seconds from the double click on a session to its first picture, small and large in turns."""
    from hsi_viewer.app import make_application
    from hsi_viewer.core.garbage import no_collection
    from hsi_viewer.preferences.settings import Settings
    from hsi_viewer.ui.main_window import MainWindow
    from hsi_viewer.ui.theme import apply_theme

    app = make_application()
    apply_theme(app, "light")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, "sample.hsiproj"), Path(folder, "big.hsiproj")]
        for source, path in zip((SAMPLE, str(write_big_scene(Path(folder)))), paths, strict=True):
            write_session(source, path)
        listed = [str(path) for path in paths]
        with no_collection():  # as the application starts
            window = MainWindow(Settings(theme="light", tour_seen=True, scenes=listed))
            window.resize(1920, 1080)
            window.show()
        hands, heart = Hands(window), Heartbeat()
        hands.rest(heart)
        window.commands.action("file.scenes").trigger()
        table = window.context.docking.panels["scenes"].table
        hands.wait(lambda: table.rowCount() == len(paths))
        taken: dict[str, list[Span]] = {"sample": [], "24 GB": []}
        heart.begin()
        for turn in range(TURNS):
            row = turn % len(paths)
            before = window.workspace.document
            painted = Painted(
                hands.viewport,
                lambda before=before: window.workspace.document not in (None, before),
            )
            began = now()
            at = table.visualItemRect(table.item(row, 0)).center()
            for press in (QTest.mouseClick, QTest.mouseDClick):
                press(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
            hands.wait(lambda painted=painted: painted.at is not None)
            taken[list(taken)[row]].append(painted.after(began))
            hands.wait(lambda: window.context.viewing.tiles.idle)
            hands.wait(lambda: not window.workspace.tasks._tasks)
        found: dict[str, object] = {f"switch to {name}": spans for name, spans in taken.items()}
        found["stall while switching"] = heart.longest()
        close(window)
    return found

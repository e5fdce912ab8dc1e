"""How long the interface waits when all of a scene of 40 million pixels is labelled."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from benchmarks.ui_actions import Hands, Heartbeat


def measure_labels(source: str) -> dict[str, object]:
    """Load labels for all pixels, undo, list regions, save, compare: the longest gap of each."""
    from hsi_viewer.app import make_application
    from hsi_viewer.preferences.settings import Settings
    from hsi_viewer.ui.features.labelling.label_check import LabelCheckFeature
    from hsi_viewer.ui.main_window import MainWindow
    from hsi_viewer.ui.theme import apply_theme

    app = make_application()
    apply_theme(app, "light")
    window = MainWindow(Settings(theme="light", tour_seen=True))
    window.resize(1920, 1080)
    window.show()
    hands, heart = Hands(window), Heartbeat()
    window.open(source)
    tasks = window.workspace.tasks
    hands.wait(lambda: window.workspace.document is not None)
    hands.drawn()
    hands.wait(lambda: not tasks._tasks)
    document, files = window.workspace.document, window.context.labelling.files
    check = next(f for f in window.features if isinstance(f, LabelCheckFeature))
    found: dict[str, object] = {}

    def during(name: str, act: Callable[[], object]) -> None:
        heart.begin()
        act()
        QApplication.processEvents()
        hands.wait(lambda: not tasks.running and not window.context.sessions.session.writing)
        hands.drawn()
        found[f"stall: {name}"] = heart.longest()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "labels.npy")
        rows, columns = document.labels.shape
        fields = np.arange(rows)[:, None] // 500 % 5 + np.arange(columns) // 400 % 3 + 1
        np.save(path, fields.astype(np.uint16))
        during("loading 40 million labels", lambda: files.load(str(path), "labels"))
        during("undo of it", window.feature("sessions").stepping.undo)
        during("redo of it", window.feature("sessions").stepping.redo)
        during("list of regions", check.show_regions)
        during("saving labels", lambda: files.save_to(Path(folder, "saved.npy")))
        project = Path(folder, "saved.hsiproj")
        session = window.context.sessions.session
        during(
            "saving", lambda: window.feature("sessions").projects._start_saving(session, project)
        )
        comparing = Heartbeat()
        check.compare()
        hands.wait(lambda: len(comparing.gaps) > 200)
        found["stall: Compare begins"] = comparing.longest()
        window.feature("application").activity.cancel_all()
        hands.wait(lambda: not tasks._tasks)
    document.abandon()
    window.may_leave = lambda: True  # type: ignore[method-assign]
    window.close()
    return found

"""The pictures of docs/images/, taken by the application itself: make screenshots.

The real window with the sample scene, labelled and trained: the whole of it in four states, and
every panel, in the light and the dark theme. The page of keys of the guide is written too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from keys_page import write_keys_page
from PySide6.QtWidgets import QApplication, QWidget

from hsi_viewer.app import make_application
from hsi_viewer.core.labels.sampling import Draw
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.main_window import MainWindow
from hsi_viewer.ui.theme import ThemeChoice

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
SAMPLE = "sample:indian-pines"
DRAWN = Draw(10, seed=0)
REST_SECONDS = 0.5  # for docks and plots to come to rest
THEMES: dict[ThemeChoice, str] = {"light": "", "dark": "-dark"}
PINS = ((60, 52), (118, 100))


def wait(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    """Let the application work until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        QApplication.processEvents()
        time.sleep(0.005)


def rest(window: MainWindow) -> None:
    """Let what was started end, and what was just shown be painted."""
    wait(lambda: not window.feature("application").activity.shown)
    end = time.monotonic() + REST_SECONDS
    wait(lambda: time.monotonic() > end)


def take(window: MainWindow, name: str, shown: QWidget | None = None) -> None:
    """Save a picture of the window, or of a part of it, in both themes."""
    for theme, suffix in THEMES.items():
        window.set_theme(theme)
        rest(window)
        path = IMAGES / f"{name}{suffix}.png"
        (shown or window).grab().save(str(path))
        print(path)


def work(window: MainWindow) -> None:
    """Do what a user does: pin spectra, label, train; leave something in every panel."""
    document = window.workspace.document
    window.context.labelling.files.load(SAMPLE + "/labels", DRAWN)
    wait(lambda: document is not None and document.labels.total > 0)
    window.panel("training").train_button.click()
    wait(lambda: not window.feature("training").training.running)
    rest(window)
    wait(lambda: document is not None and not document.results.assessing)
    while window.notices.dismiss():
        pass


def fill_panels(window: MainWindow) -> None:
    """Let the panels that compute something have computed it."""
    for command in (
        "edit.notes",
        "spectra.class_means",
        "spectra.angle",
        "spectra.scatter",
        "labels.separability",
    ):
        window.commands.refresh()
        window.commands.action(command).trigger()
        rest(window)


def main() -> int:
    """Take every picture, or the window's alone: "window"."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            os.environ[name] = home
        make_application()
        window = MainWindow(Settings(theme="light"))
        window.may_leave = lambda: True  # type: ignore[method-assign]
        window.resize(1280, 800)
        window.show()
        write_keys_page(window)
        take(window, "welcome")
        window.open(SAMPLE)
        wait(lambda: window.workspace.document is not None)
        for pixel in PINS:
            window.context.viewing.pin(*pixel)
        take(window, "main-window")
        work(window)
        take(window, "with-map")
        window.context.docking.bring("accuracy")
        take(window, "accuracy")
        if sys.argv[1:] != ["window"]:
            fill_panels(window)
            for key, dock in window.context.docking.docks.items():
                window.context.docking.bring(key)
                take(window, f"panel-{key}", dock)
                if key not in {"display", "spectrum", "classes", "training"}:
                    dock.hide()
        window.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

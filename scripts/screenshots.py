"""The pictures of docs/images/, taken by the application itself: make screenshots.

Each is the real window with the sample scene, in a process of its own.
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

from PySide6.QtWidgets import QApplication

from hsi_viewer.app import make_application
from hsi_viewer.session.settings import Settings
from hsi_viewer.ui.controllers.labelling import DrawRequest
from hsi_viewer.ui.main_window import MainWindow

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
SAMPLE = "sample:indian-pines"
DRAWN = DrawRequest(n=10, seed=0)
REST_SECONDS = 0.5  # for docks and plots to come to rest


def wait(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    """Let the application work until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        QApplication.processEvents()
        time.sleep(0.005)


def rest() -> None:
    """Let what was just shown be painted."""
    end = time.monotonic() + REST_SECONDS
    wait(lambda: time.monotonic() > end)


def take(window: MainWindow, name: str) -> None:
    """Save a picture of the window."""
    rest()
    path = IMAGES / f"{name}.png"
    window.grab().save(str(path))
    print(path)


def shots(theme: str, size: tuple[int, int]) -> None:
    """Take the job's pictures in one theme and size."""
    suffix = "" if (theme, size) == ("light", (1280, 800)) else f"-{theme}-{size[0]}"
    window = MainWindow(Settings(theme=theme))  # type: ignore[arg-type]
    window.may_leave = lambda: True  # type: ignore[method-assign]
    window.resize(*size)
    window.show()
    take(window, f"welcome{suffix}")
    window.open(SAMPLE)
    wait(lambda: window.workspace.document is not None)
    window.viewing.pin(60, 52)
    window.viewing.pin(118, 100)
    take(window, f"main-window{suffix}")
    document = window.workspace.document
    window.labelling.load(SAMPLE + "/labels", DRAWN)
    wait(lambda: document is not None and document.labels.total > 0)
    window.train_panel.train_button.click()
    wait(lambda: not window.training.running)
    window.notices.clear()
    take(window, f"with-map{suffix}")
    window.docks["Accuracy"].raise_()
    take(window, f"accuracy{suffix}")
    window.close()


def main() -> int:
    """Take every picture, or those of the theme and width named, e.g. "dark 1920"."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            os.environ[name] = home
        make_application()
        wanted = sys.argv[1:]
        for theme in ("light", "dark"):
            for size in ((1280, 800), (1920, 1080)):
                if not wanted or wanted == [theme, str(size[0])]:
                    shots(theme, size)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The desktop application: builds the objects, reports uncaught exceptions, starts Qt."""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QApplication

from hsi_viewer import __version__
from hsi_viewer.core.garbage import no_collection
from hsi_viewer.preferences.log_file import log_to_file
from hsi_viewer.preferences.settings import load_settings
from hsi_viewer.ui.dock_sizes import FIRST_SIZE
from hsi_viewer.ui.main_window import MainWindow
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.theme import application_icon, apply_theme
from hsi_viewer.ui.turns import Turns

log = logging.getLogger(__name__)

PAINTED_MS = 400  # after the last task, for docks and plots to come to rest


def run(source: str | None = None, screenshot: Path | None = None) -> int:
    """Open the window and stay until it is closed.

    Parameters
    ----------
    source : cube to open at once, or None.
    screenshot : save a picture of the window there once the scene is shown, and end.

    Returns
    -------
    int
        exit status: 0, or 1 if the screenshot could not be made.
    """
    with no_collection():
        app = make_application()
        settings = load_settings()
        apply_theme(app, settings.theme, settings.text_percent)
        window = MainWindow(settings)
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        crashes = CrashReporter(window)
        crashes.install()
        if screenshot is not None:
            window.resize(FIRST_SIZE)  # nobody sees it: the picture may be larger than the screen
        window.show()
    if source:
        window.open(source)
    shot = Screenshot(window, screenshot) if screenshot else None
    status = app.exec()
    # The window goes before Python forgets it: Qt must not ask plots whose wrappers are cleared.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    crashes.uninstall()
    return status if shot is None else shot.status


# How long a worker that runs Python code may keep the interface waiting each time that it paints.
SWITCH_SECONDS = 0.0005


def make_application() -> QApplication:
    """The application object; the one that exists is used again."""
    log_to_file()
    sys.setswitchinterval(SWITCH_SECONDS)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("hsi-viewer")
    app.setApplicationDisplayName("HSI Viewer")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("hsi-viewer")
    app.setWindowIcon(application_icon())
    return app


class CrashReporter(QObject):
    """Shows uncaught exceptions instead of losing them; the window stays."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        # Every Python thread keeps the hook that it was started under, dummy ones always.
        self._window = weakref.ref(window)

    def install(self) -> None:
        """Take the place of Python's hook."""
        sys.excepthook = self.report

    def uninstall(self) -> None:
        """Put Python's hook back."""
        sys.excepthook = sys.__excepthook__

    def report(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Log the error and tell the user."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        log.error("Uncaught", exc_info=(kind, error, trace))
        sys.__excepthook__(kind, error, trace)
        window = self._window()
        if (
            window is not None
            and isinstance(error, Exception)
            and threading.current_thread() is threading.main_thread()
        ):
            window.workspace.notify_error(error, "The last action")


class Screenshot(QObject):
    """Saves a picture of the window when nothing runs any more, then closes it."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window)
        self._window, self._path = window, path
        self.status = 1
        window.workspace.works_ahead = False
        self._turns = Turns(self)
        self._timer = RestTimer(PAINTED_MS, self._on_rested, self)
        window.workspace.tasks.changed.connect(self._wait)
        window.context.viewing.tiles.drawn.connect(self._wait)
        self._wait()

    @Slot()
    def _wait(self) -> None:
        if self._is_busy:
            self._timer.stop()
        else:
            self._timer.start()

    @property
    def _is_busy(self) -> bool:
        running = self._window.workspace.tasks.running
        return any(not (t.quiet or t.background) for t in running)

    @Slot()
    def _on_rested(self) -> None:
        # A busy machine comes here late: other timers that wait for this turn to end go first.
        self._turns.begin(lambda: None, self._take)

    def _take(self) -> None:
        context, picture = self._window.context, self._window.grab()  # which asks for tiles, too
        if self._is_busy:
            return
        if not (context.viewing.tiles.idle and context.painting.done and context.docking.done):
            self._wait()
            return
        errors = [n.text for n in self._window.notices.notices if n.property("level") == "error"]
        for text in errors:
            sys.stderr.write(f"{text}\n")
        with suppress(OSError):  # then it cannot be saved, either
            self._path.parent.mkdir(parents=True, exist_ok=True)
        saved = picture.save(str(self._path))
        if not saved:
            sys.stderr.write(
                f"{self._path} could not be written; choose a .png in another folder.\n"
            )
        self.status = 0 if saved and not errors else 1
        self._window.close()

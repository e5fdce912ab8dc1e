"""The real main window, and mouse and keys as a person would use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from hsi_viewer.app import make_application
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.preferences.view_memory import ViewMemory
from hsi_viewer.ui.arrangements import LABEL
from hsi_viewer.ui.main_window import MainWindow
from hsi_viewer.ui.scene import layer_item, mini_map, tiles
from hsi_viewer.ui.theme import apply_theme
from tests.conftest import leaving_nothing, live_in
from tests.patience import PATIENCE, PATIENCE_MS

WINDOW = (1280, 800)


class PatientBot(QtBot):
    """Waits for a condition as long as a busy machine may need, and never shorter."""

    def waitUntil(self, callback, *, timeout: int = 0) -> None:
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    def waitSignal(self, signal, *, timeout: int = 0, **options):
        return super().waitSignal(signal, timeout=max(timeout, PATIENCE_MS), **options)

    def waitExposed(self, widget, *, timeout: int = 0):
        return super().waitExposed(widget, timeout=max(timeout, PATIENCE_MS))


@pytest.fixture
def qtbot(qapp, request) -> PatientBot:
    return PatientBot(request)


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    for module in (tiles, layer_item, mini_map):  # what is quick is drawn before it is looked at
        module.FRAME_SECONDS = PATIENCE
    app = make_application()
    apply_theme(app, "light")
    return app


@pytest.fixture(autouse=True)
def no_key_held(qapp) -> None:
    """Qt takes the keys of the last synthetic event for held, also in the next test."""
    QTest.keyRelease(QWindow(), Qt.Key.Key_Shift)
    assert QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier


class Driver:
    """A main window and the hands on it."""

    def __init__(self, window: MainWindow, qtbot) -> None:
        self.window, self.qtbot = window, qtbot
        self.canvas = window.context.canvas
        self.first_state = ""  # of the panels

    def begin_again(self) -> None:
        """Bring the window back to its start, but for its scene, which the next one may replace."""
        context, settings = self.window.context, self.window.workspace.settings
        for name, value in vars(Settings(theme="light")).items():
            setattr(settings, name, value)
        if self.document is not None:  # it is left without a question
            self.window.feature("training").training.cancel()
            self.qtbot.waitUntil(lambda: not self.window.workspace.writing)
            self.document.mark_saved()
            if (session := context.sessions.session) is not None:
                session._extras_saved = session._extras
        context.viewing.pictures._memory = ViewMemory()  # of the scenes of tests before
        self.trigger("tool.navigate")
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        while context.notices.dismiss() or context.offers.dismiss():
            pass
        self.window.resize(*WINDOW)
        docking = context.docking
        if docking.sizes.arrangement is not LABEL or docking.state() != self.first_state:
            docking.reset()
            self.first_state = docking.state()
        self.window.activateWindow()  # there may have been another in between
        self.canvas.setFocus()
        QApplication.processEvents()  # lay it out: pictures are fitted to what there is

    def let_go(self) -> None:
        """Close the window without questions; pytest keeps this object longer than it."""
        if self.window is not None and isValid(self.window):
            self.window.may_leave = lambda: True
            for _ in range(3):  # on a busy machine a worker that loads torch stops late
                if self.window.close():
                    break
            # Gone before Python forgets it: Qt must not ask plots whose wrappers are cleared.
            QCoreApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)
        self.window = self.canvas = None

    @property
    def document(self):
        return self.window.workspace.document

    def open(self, source: str) -> None:
        with self.qtbot.waitSignal(self.window.context.opening.opened):
            self.window.open(source)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing runs that the user sees, and all is painted."""
        tasks, context = self.window.workspace.tasks, self.window.context
        self.qtbot.waitUntil(
            lambda: (
                context.docking.done
                and context.painting.done
                and not [t for t in tasks.running if not t.quiet]
            )
        )

    def point(self, row: float, column: float) -> QPoint:
        return self.canvas.widget_position(row, column).toPoint()

    def mouse(self, kind, position: QPoint, button=Qt.MouseButton.NoButton, held=None) -> None:
        """Send one mouse event to the canvas; moves with a held button need this in offscreen."""
        viewport = self.canvas.viewport()
        buttons = button if held is None else held
        event = QMouseEvent(
            kind,
            QPointF(position),
            QPointF(viewport.mapToGlobal(position)),
            button,
            buttons,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(viewport, event)

    def click(self, row: int, column: int) -> None:
        QTest.mouseClick(
            self.canvas.viewport(), Qt.MouseButton.LeftButton, pos=self.point(row, column)
        )

    def stroke(self, *pixels: tuple[int, int], button=Qt.MouseButton.LeftButton) -> None:
        """Press on the first pixel, drag over the others, release on the last."""
        viewport, left = self.canvas.viewport(), button
        QTest.mousePress(viewport, left, pos=self.point(*pixels[0]))
        for pixel in pixels[1:]:
            self.mouse(
                QMouseEvent.Type.MouseMove, self.point(*pixel), Qt.MouseButton.NoButton, left
            )
        QTest.mouseRelease(viewport, left, pos=self.point(*pixels[-1]))

    def hover(self, row: int, column: int) -> None:
        self.mouse(QMouseEvent.Type.MouseMove, self.point(row, column))

    def wheel(self, position: QPoint, delta: int) -> None:
        """Turn the wheel over a place of the canvas, in eighths of a degree."""
        viewport = self.canvas.viewport()
        event = QWheelEvent(
            QPointF(position),
            QPointF(viewport.mapToGlobal(position)),
            QPoint(),
            QPoint(0, delta),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, event)

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.canvas, key, modifier)

    def type(self, *keys: str | Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press keys one after the other; each goes where the keyboard's focus is then."""
        if QApplication.activeWindow() is None:  # a window manager would do it
            self.window.activateWindow()
        for key in [k for part in keys for k in (part if isinstance(part, str) else (part,))]:
            QTest.keyClick(self.window.windowHandle(), key, modifier)
            QApplication.processEvents()

    def click_on(self, widget, at: QPoint | None = None, button=Qt.MouseButton.LeftButton) -> None:
        """Click a widget, in its middle by default."""
        QTest.mouseClick(widget, button, pos=at or widget.rect().center())

    def trigger(self, command: str) -> None:
        self.window.commands.action(command).trigger()


def shown_window(settings: Settings) -> MainWindow:
    window = MainWindow(settings)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.resize(*WINDOW)  # on a screen of any size
    window.notices._clock.setInterval(24 * PATIENCE_MS)  # messages wait for slow tests
    window.show()
    return window


@pytest.fixture(scope="module")
def kept_window(qapp, tmp_path_factory) -> Iterator[Driver]:
    """A window for all tests of a file; see `shared`."""
    with pytest.MonkeyPatch.context() as patch, leaving_nothing():
        home = live_in(tmp_path_factory.mktemp("kept"), patch)
        kept = Driver(shown_window(Settings(theme="light")), None)
        kept.window.workspace.works_ahead = False  # it would make things in the time of any test
        yield kept
        live_in(home, patch)
        kept.let_go()


@pytest.fixture
def shared(kept_window, qtbot, own_settings) -> Driver:
    """The window of the file as at its start, but with the scene of the test before.

    For tests that begin with a scene of their own: to make a window takes longer than most of
    them. A file asks for it by a fixture `driver` of its own.
    """
    kept_window.qtbot = qtbot
    kept_window.begin_again()
    return kept_window


@pytest.fixture
def make_driver(qtbot, own_settings) -> Iterator[Callable[..., Driver]]:
    drivers: list[Driver] = []

    def make(settings: Settings | None = None) -> Driver:
        window = shown_window(settings or Settings(theme="light"))
        qtbot.waitExposed(window)
        drivers.append(Driver(window, qtbot))
        return drivers[-1]

    yield make
    for driver in drivers:
        driver.let_go()


@pytest.fixture
def driver(make_driver) -> Driver:
    return make_driver()


@pytest.fixture
def sample(driver) -> Driver:
    """The window with the sample scene open."""
    driver.open("sample:indian-pines")
    return driver

"""MainWindow: the image in the middle, panels around it, menus from the features' commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QScrollArea, QVBoxLayout, QWidget

from hsi_viewer.core.log_entry import Level
from hsi_viewer.core.text import listed
from hsi_viewer.preferences.settings import Settings, save_settings
from hsi_viewer.ui.awaited import all_done
from hsi_viewer.ui.commands.menu_order import arranged
from hsi_viewer.ui.commands.remedies import remedies
from hsi_viewer.ui.commands.table import CommandTable
from hsi_viewer.ui.context import Context
from hsi_viewer.ui.dialogs import Leave, ask_to_leave
from hsi_viewer.ui.dock_sizes import first_size
from hsi_viewer.ui.features.catalogue import make_features
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.plug_in_feature import commands_of
from hsi_viewer.ui.menus import Menus
from hsi_viewer.ui.scene.drag_through import DragThrough
from hsi_viewer.ui.theme import ThemeChoice, application_icon, apply_theme
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.floating import FloatingColumn
from hsi_viewer.ui.workspace import Workspace

MOST_STOPS = 1000  # of Tab in a row that are out of view
SPACING = 2  # pixels between the rows above the image
CLOSE_WAIT_MS = 20_000  # a worker answers within a second; importing torch may take longer


class MainWindow(QMainWindow):
    """The application's one window: lays out what the features bring, and connects it.

    Parameters
    ----------
    settings : read at the start, changed while running, saved on closing.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        self.workspace = Workspace(settings, self)
        self.context = Context(self, self.workspace)
        self.notices = self.context.notices
        self.context.set_theme, self.context.may_leave = self.set_theme, self.may_leave
        self.features = make_features(self.context)
        self.context.features = self.features
        self._closing = False
        self._lay_out()
        self.commands = CommandTable(
            arranged(commands_of(self.features)),
            self,
            settings.shortcuts,
            lambda: "" if self.workspace.document else "Open a scene first.",
            self._tell,
        )
        self.context.commands = self.commands
        shared = self.context
        self.menus = Menus(
            self, self.commands, self.workspace, self.open, shared.arrange_own, shared.docking.docks
        )
        self.context.tool_bar = self.menus.tool_bar
        for feature in self.features:
            feature.add_bars()
        self._connect()
        self.context.docking.finish()
        self.context.docking.restore(settings)
        self.context.docking.wait()
        self._refresh_theme()
        self.workspace.state_changed.emit()
        if self.commands.key_map.problems:
            problems = " ".join(self.commands.key_map.problems)
            self.workspace.notify(
                f"Some of your shortcuts were ignored. {problems}",
                "warning",
                self.commands.choice("help.keys"),
            )
        self.context.plug_ins.start()

    def _lay_out(self) -> None:
        shared, centre = self.context, QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(shared.welcome, 1)
        rows = [w for f in self.features for w in f.rows_above_image()]
        for row in rows:
            layout.addWidget(row)
        layout.addWidget(shared.canvas, 1)
        shared.canvas.hide()
        self.messages = FloatingColumn(centre, rows, shared.offers, shared.notices)
        cards = [card for f in self.features for card in f.cards()]
        self.cards = FloatingColumn(centre, [], *cards, at_foot=True)
        for column in (self.messages, self.cards):
            DragThrough(column, centre)
        for overlay in (w for f in self.features for w in f.overlays()):
            self.messages.avoid(overlay)
            self.cards.avoid(overlay)
        self.messages.avoid(self.cards)
        centre.setFocusProxy(shared.welcome.open_button)  # a hidden one would catch Tab
        shared.welcome.open_button.setFocus()
        self.setCentralWidget(centre)
        for panel in (p for f in self.features for p in f.panels()):
            shared.docking.add(panel)
        status_bar = self.statusBar()
        status_bar.setSizeGripEnabled(False)
        status_bar.addWidget(shared.readout, 1)
        status_bar.addPermanentWidget(shared.busy)
        shared.docking.sizes.rows_height = lambda: sum(
            r.sizeHint().height() + SPACING for r in rows
        )
        available = self.screen().availableGeometry().size()
        self.resize(first_size(available, self.workspace.settings.text_percent))

    def _connect(self) -> None:
        self.context.opening.began.connect(self.notices.expect)
        self.workspace.document_changed.connect(self.notices.forget)
        self.workspace.announced.connect(self._tell)
        self.context.plug_ins.warned.connect(self.notices.show_lasting)
        self.workspace.state_changed.connect(self._on_state)
        self.context.docking.changed.connect(self.commands.refresh_soon)
        QApplication.styleHints().colorSchemeChanged.connect(self._on_system_theme)

    def feature(self, key: str) -> Feature:
        """The feature of that key."""
        return next(f for f in self.features if f.key == key)

    def panel(self, key: str) -> QWidget:
        """The panel in the dock of that key."""
        return self.context.docking.panel(key)

    # what the user asks for ------------------------------------------------------------------

    def open(self, source: str) -> None:
        """Open a scene or a session file."""
        self.context.opening.open(source)

    def set_theme(self, choice: ThemeChoice) -> None:
        """Show the window light, dark, or as the system is."""
        self.workspace.settings.theme = choice
        self._refresh_theme()
        self._on_state()

    # reactions -------------------------------------------------------------------------------

    @Slot(str, str, object)
    def _tell(self, text: str, level: Level = "info", choices: Sequence[Choice] = ()) -> None:
        """Show a message, with buttons of the commands that do what it asks for."""
        known = {choice.text for choice in choices}
        ways = [c for c in self.commands.choices(*remedies(text)) if c.text not in known]
        self.notices.show_notice(text, level, (*choices, *ways))

    @Slot()
    def _on_state(self) -> None:
        document = self.workspace.document
        self.commands.refresh_soon()
        name = document.cube.name if document else ""
        self.setWindowTitle(f"{name}[*] — HSI Viewer" if name else "HSI Viewer[*]")
        self.setWindowModified(bool(self._unsaved()))

    @Slot(Qt.ColorScheme)
    def _on_system_theme(self, _scheme: Qt.ColorScheme) -> None:
        if self.workspace.settings.theme == "system":
            self._refresh_theme()

    def _refresh_theme(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            settings = self.workspace.settings
            theme = apply_theme(app, settings.theme, settings.text_percent)
            self.context.canvas.setBackground(theme["canvas"])
        self.commands.refresh_icons()
        self.context.welcome.refresh_theme()
        for feature in self.features:
            feature.refresh_theme()
        self.notices.refresh_theme()
        self.context.offers.refresh_theme()

    # keyboard --------------------------------------------------------------------------------

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go to the next control in view: Qt also stops in panels that lie behind others."""
        start = self.focusWidget()
        for _ in range(MOST_STOPS):
            if not super().focusNextPrevChild(forward):
                return False
            now = self.focusWidget()
            if now is None or now is start or self._is_in_view(now):
                break
        return True

    def _is_in_view(self, control: QWidget) -> bool:
        part = control
        while (parent := part.parentWidget()) is not None and parent is not self:
            if isinstance(parent, QScrollArea):
                parent.ensureWidgetVisible(control)
            part = parent
        return self.rect().intersects(part.geometry())  # Qt moves what lies behind out of it

    # drag and drop, closing ------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()
            self.context.welcome.show_drag(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Nothing is held over the window any more."""
        self.context.welcome.show_drag(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file that was dropped."""
        event.acceptProposedAction()
        self.context.welcome.show_drag(False)
        dropped = [Path(url.toLocalFile()) for url in event.mimeData().urls()]
        # of the parts of a shapefile the one that is opened
        dropped.sort(key=lambda path: path.suffix.lower() != ".shp")
        self.open(str(dropped[0]))
        if len({path.name.partition(".")[0] for path in dropped}) > 1:  # an ENVI pair is one
            self.workspace.notify(
                f"{len(dropped)} files were dropped; {dropped[0].name} is opened: only one scene "
                "is open at a time."
            )

    def _unsaved(self) -> tuple[str, ...]:
        return tuple(word for f in self.features for word in f.unsaved())

    def may_leave(self) -> bool:
        """Ask about unsaved labels and a running training; True when both are settled."""
        self._write_session()
        words = [f.running() for f in self.features]
        words += [f.runs_on() for f in self.features] if self._closing else []
        answer = ask_to_leave(self, self._unsaved(), [word for word in words if word])
        self._write_session()  # a training may have ended during the question
        if answer is Leave.SAVE and not all(f.save_now() for f in self.features):
            return False
        if answer is Leave.STAY or not all(f.may_leave() for f in self.features):
            return False
        for feature in self.features:
            feature.leave(discard=answer is Leave.DISCARD)
        return True

    def _write_session(self) -> None:
        """Wait for a map that is being put into the session that is left."""
        while quiet := [t for t in self.workspace.writing if t.quiet]:
            all_done(quiet, frozen=True)

    def _write_files(self) -> bool:
        """Wait for files that were asked for; False if one can't be written, or isn't wanted."""
        while tasks := [t for t in self.workspace.writing if not t.quiet]:
            titles = listed([task.title for task in tasks])
            text = f"{titles}: the window closes when this is done. Escape cancels it."
            self.notices.show_notice(text)
            done = all_done(tasks)
            self.notices.withdraw(text)
            if not done:
                return False
        return True

    def _may_close(self) -> bool:
        self._closing = True  # the event loop continues meanwhile
        try:
            return (
                self._write_files() and self.may_leave() and all(f.finish() for f in self.features)
            )
        finally:
            self._closing = False

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask, stop the workers, remember the layout."""
        if self._closing or not self._may_close():
            event.ignore()
            return
        settings = self.workspace.settings
        self.context.docking.save(settings)
        save_settings(settings)
        self.hide()
        alive = self.workspace.stop(CLOSE_WAIT_MS)
        if alive:
            self.show()
            again = Choice("Close", self.close)
            text = f"Still stopping: {', '.join(alive)}. Close again."
            self.workspace.notify(text, "warning", again)
            event.ignore()
            return
        for feature in self.features:
            feature.close()
        event.accept()
        super().closeEvent(event)

"""Menus: the menu bar and the tool bar, and the lists in them that are not commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QSize, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from hsi_viewer.ui.commands.menu_order import ARRANGEMENT, with_access_keys
from hsi_viewer.ui.commands.table import CommandTable
from hsi_viewer.ui.workspace import Workspace


class Menus(QObject):
    """Fills menu bar and tool bar of the window from its command table.

    Parameters
    ----------
    panels : keys of the panels, whose icons are at the right of the tool bar.

    Attributes
    ----------
    recent, public : the lists of files in the menu File, filled when they are opened.
    """

    def __init__(
        self,
        window: QMainWindow,
        commands: CommandTable,
        workspace: Workspace,
        open_source: Callable[[str], None],
        arrange_own: Callable[[str], None],
        panels: Iterable[str],
    ) -> None:
        super().__init__(window)
        self._window, self._commands = window, commands
        self._workspace, self._open = workspace, open_source
        self._arrange_own = arrange_own
        menus = commands.fill_menus(window.menuBar())
        self.recent = QMenu("Open &recent", window)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.public = QMenu("Open a public scene", window)
        self.public.aboutToShow.connect(self._fill_public)
        opened = menus["&File"].actions()
        line = next(a for a in opened if a.isSeparator())  # below the ways to open something
        for menu in (self.recent, self.public):
            menus["&File"].insertMenu(line, menu)
        self._arrangements = menus[f"&View/{ARRANGEMENT}"]
        self._arrangements.aboutToShow.connect(self._fill_own)
        self._own: list[QAction] = []
        for menu in menus.values():
            menu.aboutToShow.connect(self._refresh)
            actions = [a for a in menu.actions() if not a.isSeparator()]
            titles = with_access_keys(a.text() for a in actions)
            for action, title in zip(actions, titles, strict=True):
                action.setText(title)
        self.tool_bar = self._make_tool_bar(panels)

    def _make_tool_bar(self, panels: Iterable[str]) -> QToolBar:
        commands = self._commands
        bar = QToolBar("Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))  # all of them fit a window of 1024 pixels
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._window.addToolBar(bar)
        commands.fill_toolbar(bar)
        for command in commands.commands:
            button = bar.widgetForAction(commands.action(command.id))
            if isinstance(button, QToolButton) and command.text:
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add_panels(bar, panels)
        return bar

    def _add_panels(self, bar: QToolBar, panels: Iterable[str]) -> None:
        """An icon for each panel, at the right: what is closed is one click away."""
        room = QWidget()
        room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(room)
        for key in panels:
            action = self._commands.action(f"panel.{key}")
            bar.addAction(action)
            bar.widgetForAction(action).setObjectName("panel-icon")

    @Slot()
    def _refresh(self) -> None:
        """A panel may have been closed by its own button since."""
        self._commands.refresh()

    @Slot()
    def _fill_recent(self) -> None:
        self.recent.clear()
        for source in self._workspace.settings.recent_files:
            action = self.recent.addAction(source)
            action.setData(source)
            action.triggered.connect(self._on_recent)
        if self.recent.isEmpty():
            self.recent.addAction("No recent files").setEnabled(False)

    @Slot()
    def _fill_public(self) -> None:
        from hsi_viewer.io.products.public_scenes import PREFIX, scenes

        if self.public.isEmpty():
            for scene in scenes().values():
                action = self.public.addAction(scene.title)
                action.setData(f"{PREFIX}{scene.id}")
                action.triggered.connect(self._on_recent)

    @Slot()
    def _fill_own(self) -> None:
        """List the arrangements that the user saved, below the others."""
        for old in self._own:
            self._arrangements.removeAction(old)
            old.deleteLater()
        self._own = []
        for name, *_ in self._workspace.settings.arrangements:
            action = self._arrangements.addAction(str(name).replace("&", "&&"))
            action.setData(name)
            action.triggered.connect(self._on_own)
            self._own.append(action)

    @Slot()
    def _on_own(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._arrange_own(action.data())

    @Slot()
    def _on_recent(self) -> None:
        action = self.sender()
        self._open(action.data())  # type: ignore[attr-defined]

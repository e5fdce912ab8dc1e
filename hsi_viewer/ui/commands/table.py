"""Command: one thing that the user can do, with its words, key, icon and condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from hsi_viewer.ui.theme import icon

SEPARATOR = "-"


@dataclass(frozen=True)
class Command:
    """One row of the table.

    Attributes
    ----------
    id : e.g. "file.open".
    title : with "&" before the menu's access key, "…" where more is asked.
    menu : name of the menu it stands in; "" for none.
    run : what it does; checkable commands get the new state.
    shortcuts : key sequences, e.g. "Ctrl+O"; the first is shown.
    icon : Material Design name, or "".
    enabled : whether it can be done now.
    why_not : said in the tool tip while it cannot be done.
    checked : for checkable commands, whether it is on now.
    toolbar : whether it stands in the tool bar; text : with its words there.
    separated : whether a line is drawn before it in the menu and tool bar.
    """

    id: str
    title: str
    menu: str
    run: Callable[..., Any]
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    enabled: Callable[[], bool] = lambda: True
    why_not: Callable[[], str | None] = lambda: None
    checked: Callable[[], bool] | None = None
    toolbar: bool = False
    text: bool = False
    separated: bool = False

    @property
    def words(self) -> str:
        """The title without its access key."""
        return self.title.replace("&", "")

    @property
    def keys(self) -> str:
        """Its shortcuts as the platform writes them."""
        return ", ".join(
            QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in self.shortcuts
        )


class _Binding(QObject):
    """Connects one action to its command; a QObject, so that Qt keeps to its thread."""

    def __init__(self, command: Command, action: QAction) -> None:
        super().__init__(action)
        self.command, self.action = command, action
        action.triggered.connect(self.trigger)

    @Slot(bool)
    def trigger(self, checked: bool = False) -> None:
        """Run the command."""
        if self.command.checked is None:
            self.command.run()
        else:
            self.command.run(checked)

    def refresh(self) -> None:
        """Take over whether the command can be done, and is on, now."""
        command, action = self.command, self.action
        action.setEnabled(command.enabled())
        if command.checked is not None:
            action.setChecked(command.checked())
        keys = f" ({command.keys})" if command.keys else ""
        reason = None if action.isEnabled() else command.why_not()
        action.setToolTip(f"{command.words.rstrip('…')}{keys}" + (f"\n{reason}" if reason else ""))

    def refresh_icon(self) -> None:
        """Draw the icon again in the colours of the theme."""
        if self.command.icon:
            self.action.setIcon(icon(self.command.icon))


class CommandTable:
    """All commands of a window; menus, tool bar, palette and shortcut page are made from it.

    Parameters
    ----------
    commands : in the order of the menus.
    owner : the window that the shortcuts work in.

    Raises
    ------
    ValueError
        if two commands share an id or a shortcut.
    """

    def __init__(self, commands: Iterable[Command], owner: QWidget) -> None:
        self._bindings: dict[str, _Binding] = {}
        keys: dict[str, str] = {}
        for command in commands:
            if command.id in self._bindings:
                raise ValueError(f"Two commands are called {command.id}")
            for key in command.shortcuts:
                if key in keys:
                    raise ValueError(f"{key} starts both {keys[key]} and {command.id}")
                keys[key] = command.id
            action = QAction(command.title, owner)
            action.setObjectName(command.id)
            action.setShortcuts([QKeySequence(k) for k in command.shortcuts])
            action.setCheckable(command.checked is not None)
            owner.addAction(action)
            binding = _Binding(command, action)
            binding.refresh_icon()
            self._bindings[command.id] = binding
        self.refresh()

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command."""
        return tuple(b.command for b in self._bindings.values())

    def action(self, command_id: str) -> QAction:
        """The action of a command."""
        return self._bindings[command_id].action

    def refresh(self) -> None:
        """Ask every command whether it can be done now."""
        for binding in self._bindings.values():
            binding.refresh()

    def refresh_icons(self) -> None:
        """Draw all icons again after a change of theme."""
        for binding in self._bindings.values():
            binding.refresh_icon()

    def fill_menus(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make the menus, in the order in which the table names them."""
        menus: dict[str, QMenu] = {}
        for binding in self._bindings.values():
            name = binding.command.menu
            if not name:
                continue
            if name not in menus:
                menus[name] = bar.addMenu(name)
                menus[name].setToolTipsVisible(True)
            if binding.command.separated:
                menus[name].addSeparator()
            menus[name].addAction(binding.action)
        return menus

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Put the commands marked for it on a tool bar."""
        for binding in self._bindings.values():
            if binding.command.toolbar:
                if binding.command.separated and bar.actions():
                    bar.addSeparator()
                bar.addAction(binding.action)

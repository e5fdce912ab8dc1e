"""Command: one thing that the user can do, with its words, key, icon and condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from hsi_viewer.ui.commands.key_map import KeyMap, readable
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.choice import Choice

MENUS = ("&File", "&Edit", "&Image", "S&pectra", "&Labels", "&Train", "&Map", "&View", "&Help")


class Command(Struct, frozen=True):
    """One row of the table.

    Attributes
    ----------
    id : e.g. "file.open".
    title : with "&" before the menu's access key, "…" where more is asked.
    menu : name of its menu; "" for none.
    run : what it does; checkable commands get the new state.
    shortcuts : default key sequences, e.g. "Ctrl+O"; the user may change them.
    icon : Material Design name, or "".
    enabled : whether it can be done now.
    disabled_reason : told while it cannot be done, in the tool tip and when its key is pressed.
    checked : for checkable commands, whether it is on now.
    toolbar : whether it is in the tool bar; text : with its words there.
    """

    id: str
    title: str
    menu: str
    run: Callable[..., Any]
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    enabled: Callable[[], bool] = lambda: True
    disabled_reason: Callable[[], str | None] = lambda: None
    checked: Callable[[], bool] | None = None
    toolbar: bool = False
    text: bool = False

    @property
    def words(self) -> str:
        """The title without its access key."""
        return self.title.replace("&", "")


class Placed(Struct, frozen=True):
    """A command where it is in the menus.

    Attributes
    ----------
    command : the command.
    separated : whether a line is drawn before it.
    submenu : title of its submenu, or "".
    """

    command: Command
    separated: bool = False
    submenu: str = ""

    @property
    def path(self) -> str:
        """The menus without access keys; "" for commands that are in no menu."""
        parts = [m.replace("&", "") for m in (self.command.menu, self.submenu) if m]
        return " › ".join(parts)


class _Binding(QObject):
    """Connects one action to its command; a QObject, so that Qt keeps to its thread."""

    def __init__(
        self,
        placed: Placed,
        action: QAction,
        general_reason: Callable[[], str],
        tell: Callable[[str], object],
    ) -> None:
        super().__init__(action)
        self.placed, self.command, self.action = placed, placed.command, action
        self._general_reason, self._tell = general_reason, tell
        self.keys = ""  # as the platform writes them
        self._told: tuple[str, str] | None = None  # keys and reason in the tool tip
        action.triggered.connect(self.trigger)

    @Slot(bool)
    def trigger(self, checked: bool = False) -> None:
        """Run the command, unless what it needs has gone since it was asked last."""
        if not self.command.enabled():
            self.refresh()
            self.tell_reason()
        elif self.command.checked is None:
            self.command.run()
        else:
            self.command.run(checked)

    def set_keys(self, keys: Sequence[str]) -> None:
        """Let these key sequences start the command."""
        self.keys = readable(keys)
        self.action.setShortcuts([QKeySequence(k) for k in keys])

    def disabled_reason(self) -> str:
        """Why the command cannot be done now; "" if it can, or nothing is known."""
        return "" if self.command.enabled() else self._reason()

    def tell_reason(self) -> None:
        """Show why the command cannot be done now, if it can't."""
        if reason := self.disabled_reason():
            self._tell(reason)

    def _reason(self) -> str:
        return self.command.disabled_reason() or self._general_reason()

    def refresh(self) -> None:
        """Take over whether the command can be done, and is on, now."""
        command, action = self.command, self.action
        enabled = command.enabled()
        action.setEnabled(enabled)
        if command.checked is not None:
            action.setChecked(command.checked())
        told = self.keys, "" if enabled else self._reason()
        if told != self._told:  # setting the same tip again notifies every menu and button
            self._told = told
            keys, reason = (f" ({told[0]})" if told[0] else ""), told[1]
            action.setToolTip(
                f"{command.words.rstrip('…')}{keys}" + (f"\n{reason}" if reason else "")
            )

    def refresh_icon(self) -> None:
        """Draw the icon again in the colours of the theme."""
        if self.command.icon:
            self.action.setIcon(icon(self.command.icon))


class _Keys(QObject):
    """Calls something when a key arrives in a window.

    Parameters
    ----------
    before : called before shortcuts are looked for.
    unused : called with keys that started no command, and that nothing in the window took.
    """

    def __init__(
        self, window: QWidget, before: Callable[[], None], unused: Callable[[QKeySequence], None]
    ) -> None:
        super().__init__(window)
        self._before, self._unused = before, unused
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the event only."""
        if event.type() == QEvent.Type.ShortcutOverride:
            self._before()
        elif (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and not event.isAutoRepeat()
        ):
            self._unused(QKeySequence(event.keyCombination()))
        return False


class CommandTable:
    """All commands of a window; menus, tool bar, palette and shortcut page are made from it.

    Parameters
    ----------
    placed : the commands in the order of the menus.
    owner : the window that the shortcuts work in.
    shortcuts : keys that the user changed, by command id.
    general_reason : why commands that give no reason of their own cannot be done, or "".
    tell : shows why a command whose key was pressed cannot be done.

    Attributes
    ----------
    key_map : the keys of every command; after changing it, call `refresh_keys`.

    Raises
    ------
    ValueError
        if two commands share an id or a default shortcut.
    """

    def __init__(
        self,
        placed: Iterable[Placed],
        owner: QWidget,
        shortcuts: Mapping[str, Sequence[str]] | None = None,
        general_reason: Callable[[], str] = str,
        tell: Callable[[str], object] = str,
    ) -> None:
        self._bindings: dict[str, _Binding] = {}
        for entry in placed:
            command = entry.command
            if command.id in self._bindings:
                raise ValueError(f"Two commands are called {command.id}")
            action = QAction(command.title, owner)
            action.setObjectName(command.id)
            action.setCheckable(command.checked is not None)
            owner.addAction(action)
            binding = _Binding(entry, action, general_reason, tell)
            binding.refresh_icon()
            self._bindings[command.id] = binding
        self._soon = RestTimer(0, self.refresh, owner)
        _Keys(owner, self._refresh_if_due, self._on_unused)
        self.key_map = KeyMap({c.id: c.shortcuts for c in self.commands}, shortcuts)
        self.refresh_keys()

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command."""
        return tuple(b.command for b in self._bindings.values())

    def path(self, command_id: str) -> str:
        """The menus that lead to a command, e.g. "Labels › Tools"; "" if it is in none."""
        return self._bindings[command_id].placed.path

    def action(self, command_id: str) -> QAction:
        """The action of a command, as it is now."""
        self._refresh_if_due()
        return self._bindings[command_id].action

    def choice(self, command_id: str, text: str = "") -> Choice:
        """A button of a message that does a command; by default in the command's own words."""
        binding = self._bindings[command_id]
        return Choice(text or binding.command.words, binding.action.trigger)

    def choices(self, *command_ids: str) -> tuple[Choice, ...]:
        """Buttons of a message for those of some commands that can be done now."""
        possible = (c for c in command_ids if self._bindings[c].command.enabled())
        return tuple(self.choice(c) for c in possible)

    def disabled_reason(self, command_id: str) -> str:
        """Why a command cannot be done now; "" where nothing is known."""
        return self._bindings[command_id].disabled_reason()

    def checked(self, command_id: str) -> bool:
        """Whether a command is on now."""
        checked = self._bindings[command_id].command.checked
        return checked is not None and checked()

    def keys(self, command_id: str) -> str:
        """The keys of a command as the platform writes them; "" if it has none."""
        return self._bindings[command_id].keys

    def refresh_keys(self) -> None:
        """Take over what was changed in the key map."""
        for command_id, binding in self._bindings.items():
            binding.set_keys(self.key_map.keys(command_id))
        self.refresh()

    def refresh_soon(self) -> None:
        """Ask every command whether it can be done, once for all that happens at this moment."""
        self._soon.start()

    def _refresh_if_due(self) -> None:
        if self._soon.isActive():
            self.refresh()

    def _on_unused(self, keys: QKeySequence) -> None:
        """Say why the command of these keys, if they have one, can't be done."""
        for binding in self._bindings.values():
            if keys in binding.action.shortcuts():
                binding.tell_reason()

    def refresh(self) -> None:
        """Ask every command whether it can be done now."""
        self._soon.stop()
        for binding in self._bindings.values():
            binding.refresh()

    def refresh_icons(self) -> None:
        """Draw all icons again after a change of theme."""
        for binding in self._bindings.values():
            binding.refresh_icon()

    def fill_menus(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make the menus of MENUS that have commands, in that order, and "menu/submenu" below."""
        used = {b.command.menu for b in self._bindings.values()}
        menus = {name: bar.addMenu(name) for name in MENUS if name in used}
        for menu in menus.values():
            menu.setToolTipsVisible(True)
        for binding in self._bindings.values():
            name, below = binding.command.menu, binding.placed.submenu
            if not name:
                continue
            key = f"{name}/{below}" if below else name
            if key not in menus:
                if binding.placed.separated and menus[name].actions():
                    menus[name].addSeparator()
                menus[key] = menus[name].addMenu(below)
                menus[key].setToolTipsVisible(True)
            if binding.placed.separated and menus[key].actions():
                menus[key].addSeparator()
            menus[key].addAction(binding.action)
        return menus

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Put the commands marked for it on a tool bar, with a line between menus."""
        last = ""
        for binding in self._bindings.values():
            if binding.command.toolbar:
                if last not in ("", binding.command.menu):
                    bar.addSeparator()
                bar.addAction(binding.action)
                last = binding.command.menu

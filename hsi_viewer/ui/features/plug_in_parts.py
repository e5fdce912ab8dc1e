"""Panels and commands of plug-ins: the rules that they keep, and what happens when they fail."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from hsi_viewer.ui.commands.key_map import RESERVED, portable
from hsi_viewer.ui.commands.table import MENUS, Command
from hsi_viewer.ui.docking import AREAS, Panel
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.wrapped_label import WrappedLabel

Attempt = Callable[[str, Callable[[], Any], Any], Any]


def unfit_panel(panel: object, key: str, taken: Container[str]) -> str:
    """Why a panel of the feature of a key is left out, or ""."""
    if not isinstance(panel, Panel):
        return f"{panel!r} isn't a Panel"
    if not _belongs(panel.key, key):
        return f'the key of its panel "{panel.key}" must be "{key}" or begin with "{key}."'
    if panel.key in taken:
        return f'there is another panel with the key "{panel.key}"'
    if panel.area not in AREAS:
        return f'its panel asks for the area "{panel.area}", not one of {", ".join(AREAS)}'
    return ""


def unfit_command(command: object, key: str, taken: Container[str]) -> str:
    """Why a command of the feature of a key is left out, or ""."""
    if not isinstance(command, Command):
        return f"{command!r} isn't a Command"
    if not _belongs(command.id, key):
        return f'the id of its command "{command.id}" must begin with "{key}."'
    if command.id in taken:
        return f'it has two commands with the id "{command.id}"'
    if command.menu and command.menu not in MENUS:
        menus = ", ".join(MENUS)
        return f'its command "{command.id}" asks for the menu "{command.menu}", not one of {menus}'
    return ""


def _belongs(name: object, key: str) -> bool:
    return isinstance(name, str) and (name == key or name.startswith(f"{key}."))


class GuardedPanel(Struct, frozen=True):
    """A panel that shows what went wrong where it cannot be made."""

    inner: Panel
    attempt: Attempt

    def panel(self, docks: Container[str]) -> Panel:
        """The panel as the window gets it; one beside an unknown panel is alone."""
        beside = self.inner.beside if self.inner.beside in docks else ""
        return replace(
            self.inner,
            title=str(self.inner.title),
            make=self._make,
            fill=self._fill,
            beside=beside,
            at_once=False,
            always=True,
        )

    def _make(self) -> QWidget:
        made = self.attempt("to make its panel", self._made, None)
        return made if made is not None else _explanation()

    def _made(self) -> QWidget:
        made = self.inner.make()
        if not isinstance(made, QWidget):
            raise TypeError(f"it made {type(made).__name__}, not a QWidget")
        return made

    def _fill(self) -> None:
        self.attempt("to fill its panel", self.inner.fill, None)


def _explanation() -> QLabel:
    label = WrappedLabel("This panel could not be made. Edit › Preferences › Plug-ins says why.")
    label.setObjectName("muted")
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    label.setMargin(8)
    return label


class GuardedCommand(Struct, frozen=True):
    """A command that is disabled where it fails to answer whether it can be done."""

    inner: Command
    attempt: Attempt

    def command(self) -> Command:
        """The command as the window gets it."""
        inner = self.inner
        return replace(
            inner,
            title=str(inner.title),
            run=self._run,
            enabled=lambda: bool(self._asked(inner.enabled, False)),
            disabled_reason=lambda: self._asked(inner.disabled_reason, None),
            checked=None if inner.checked is None else self._checked,
            icon=self.attempt("to draw an icon", self._icon, ""),
        )

    @staticmethod
    def without_keys(command: Command, taken: Container[str]) -> Command:
        """The command with those of its keys that can start it."""
        keys = (portable(str(key)) for key in command.shortcuts)
        free = dict.fromkeys(k for k in keys if k and k not in taken and k not in RESERVED)
        return replace(command, shortcuts=tuple(free))

    def _run(self, *checked: bool) -> None:
        self.attempt(f"at “{self.inner.words}”", lambda: self.inner.run(*checked), None)

    def _checked(self) -> bool:
        return bool(self._asked(self.inner.checked, False))

    def _asked(self, question: Callable[[], Any] | None, default: Any) -> Any:
        what = f"to say whether “{self.inner.words}” can be done"
        return default if question is None else self.attempt(what, question, default)

    def _icon(self) -> str:
        if self.inner.icon:
            icon(self.inner.icon)
        return self.inner.icon

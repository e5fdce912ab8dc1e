"""PlugInFeature: a feature of a package outside, kept apart from what it breaks."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtWidgets import QWidget

from hsi_viewer.core.entry_points import PlugIn
from hsi_viewer.ui.commands.key_map import portable
from hsi_viewer.ui.commands.menu_order import command_groups
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.docking import Panel
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.plug_in_parts import (
    GuardedCommand,
    GuardedPanel,
    unfit_command,
    unfit_panel,
)

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

T = TypeVar("T")


def plug_in_features(context: Context, others: Iterable[Feature]) -> list[Feature]:
    """The features of packages outside; what is wrong with one is a warning.

    Parameters
    ----------
    context : what they may use.
    others : the features that were made before them.
    """
    taken = {feature.key for feature in others} | command_groups()
    made: list[Feature] = []
    for plug_in in context.plug_ins.panels():
        feature = _make(context, plug_in, taken)
        if feature is not None:
            taken.add(feature.key)
            made.append(feature)
    return made


def _make(context: Context, plug_in: PlugIn, taken: set[str]) -> PlugInFeature | None:
    kind = plug_in.value
    if not (isinstance(kind, type) and issubclass(kind, Feature)):
        context.plug_ins.complain(plug_in.refused("it isn't a subclass of Feature"))
        return None
    if not isinstance(kind.key, str) or not kind.key or kind.key in taken:
        reason = f'its key "{kind.key}" is empty or taken; it needs one of its own'
        context.plug_ins.complain(plug_in.refused(reason))
        return None
    before = set(context.children())
    try:
        return PlugInFeature(context, plug_in, kind(context))
    except Exception as error:  # noqa: BLE001 - of the code of others
        _complain(context, plug_in.failed("could not be made", error), error)
        for half_made in set(context.children()) - before:
            half_made.deleteLater()
        return None


def _complain(context: Context, failed: PlugIn, error: Exception) -> None:
    # As text: a record that holds the error holds the window by its frames.
    context.plug_ins.complain(failed, "".join(traceback.format_exception(error)).rstrip())


def commands_of(features: Iterable[Feature]) -> list[Command]:
    """The commands of all features; plug-ins get no key that another command has."""
    commands: list[Command] = []
    for feature in features:
        own = feature.commands()
        if isinstance(feature, PlugInFeature):
            taken = {portable(key) for command in commands for key in command.shortcuts}
            own = feature.without_keys(own, taken)
        commands += own
    return commands


class PlugInFeature(Feature):
    """Passes on what the window asks; an error is a warning, and the answer that of no feature.

    Parameters
    ----------
    plug_in : where the feature comes from.
    feature : made by its code.
    """

    def __init__(self, context: Context, plug_in: PlugIn, feature: Feature) -> None:
        super().__init__(context)
        self.plug_in, self._feature, self.key = plug_in, feature, feature.key

    def attempt(self, what: str, work: Callable[[], T], default: T) -> T:
        """The result of code of the plug-in; the default after an error, of which is warned.

        Parameters
        ----------
        what : continues "The plug-in ... failed".
        """
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - of the code of others
            failed = self.plug_in.failed(f"failed {what}", error)
            _complain(self.context, failed, error)
            return default

    def refuse(self, reason: str) -> None:
        """Warn of a part that was left out."""
        self.context.plug_ins.complain(self.plug_in.refused(reason))

    # what is asked once ----------------------------------------------------------------------

    def panels(self) -> list[Panel]:
        """Its panels, those that keep the rules."""
        nothing: list[Panel] = []
        found = self.attempt("to list its panels", lambda: list(self._feature.panels()), nothing)
        docks = self.context.docking.docks
        kept: dict[str, Panel] = {}
        for panel in found:
            reason = unfit_panel(panel, self.key, {*docks, *kept})
            if reason:
                self.refuse(reason)
            else:
                kept[panel.key] = GuardedPanel(panel, self.attempt).panel(docks)
        return list(kept.values())

    def commands(self) -> list[Command]:
        """Its commands, those that keep the rules."""
        nothing: list[Command] = []
        found = self.attempt(
            "to list its commands", lambda: list(self._feature.commands()), nothing
        )
        kept: dict[str, Command] = {}
        for command in found:
            reason = unfit_command(command, self.key, kept)
            if reason:
                self.refuse(reason)
            else:
                kept[command.id] = GuardedCommand(command, self.attempt).command()
        return list(kept.values())

    def without_keys(self, commands: Sequence[Command], taken: set[str]) -> list[Command]:
        """The commands without the keys that are taken, and without those that aren't keys."""
        return [GuardedCommand.without_keys(command, taken) for command in commands]

    def rows_above_image(self) -> list[QWidget]:
        """Its rows above the image."""
        return self.attempt("to make its rows above the image", self._rows, [])

    def _rows(self) -> list[QWidget]:
        rows = list(self._feature.rows_above_image())
        if not all(isinstance(row, QWidget) for row in rows):
            raise TypeError("a row isn't a QWidget")
        return rows

    def add_bars(self) -> None:
        """Its tool bars."""
        self.attempt("to add its tool bars", self._feature.add_bars, None)

    # while the window lives ------------------------------------------------------------------

    def refresh_theme(self) -> None:
        """Pass it on."""
        self.attempt("to follow the theme", self._feature.refresh_theme, None)

    def session_state(self) -> dict[str, Any]:
        """Its state, if it can be written as JSON."""
        return self.attempt("to give its state for the session", self._state, {})

    def _state(self) -> dict[str, Any]:
        state = self._feature.session_state()
        if not isinstance(state, dict):
            raise TypeError("its state isn't a dictionary")
        kept: dict[str, Any] = json.loads(json.dumps(state, allow_nan=False))
        return kept

    def restore_session_state(self, state: dict[str, Any]) -> None:
        """Pass it on."""
        restore = self._feature.restore_session_state
        self.attempt("to restore its state", lambda: restore(state), None)

    def unsaved(self) -> tuple[str, ...]:
        """What it has not saved."""
        words = self._feature.unsaved
        return self.attempt("to say what is unsaved", lambda: tuple(map(str, words())), ())

    def running(self) -> str | None:
        """What it runs."""
        word = self.attempt("to say what runs", self._feature.running, None)
        return str(word) if word else None

    def save_now(self) -> bool:
        """Whether it saved; not if it failed."""
        return bool(self.attempt("to save", self._feature.save_now, False))

    def leave(self, *, discard: bool) -> None:
        """Pass it on."""
        leave = self._feature.leave
        self.attempt("to leave the scene", lambda: leave(discard=discard), None)

    def may_leave(self) -> bool:
        """Whether the scene may be left; so too if the plug-in fails to answer."""
        return bool(self.attempt("to leave the scene", self._feature.may_leave, True))

    def finish(self) -> bool:
        """Whether the window may close; so too if the plug-in fails to answer."""
        return bool(self.attempt("to finish", self._feature.finish, True))

    def close(self) -> None:
        """Pass it on."""
        self.attempt("to close", self._feature.close, None)

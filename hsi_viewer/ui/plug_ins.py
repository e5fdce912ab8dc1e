"""PlugIns: what packages outside brought, and the warnings about what cannot be used of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.entry_points import PlugIn, has_plug_ins, plug_ins
from hsi_viewer.core.progress import CancelToken, ProgressPort

if TYPE_CHECKING:
    from hsi_viewer.ui.workspace import Workspace

PANELS, FORMATS = "hsi_viewer.panels", "hsi_viewer.formats"
CLASSIFIERS = "hsi_viewer.classifiers"
log = logging.getLogger(__name__)


class PlugIns(QObject):
    """The plug-ins that were found, each with the first sentence that is wrong with it.

    Signals
    -------
    changed() : there are more of them, or one failed.
    warned(text) : a warning that stays until it is closed, whichever scene is opened.
    """

    changed = Signal()
    warned = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._listed: dict[tuple[str, str, str], PlugIn] = {}
        self._reported: set[str] = set()
        self._waiting: list[PlugIn] = []
        self._started = False

    @property
    def listed(self) -> tuple[PlugIn, ...]:
        """All that are known by now, by package, group and name."""
        return tuple(self._listed[key] for key in sorted(self._listed))

    def panels(self) -> tuple[PlugIn, ...]:
        """Load those that bring panels; the ones that could."""
        found = plug_ins(PANELS)
        self._add(found)
        return tuple(plug_in for plug_in in found if not plug_in.problem)

    def complain(self, failed: PlugIn, detail: str = "") -> None:
        """Log that something is wrong with a plug-in, and warn of it once.

        Parameters
        ----------
        failed : the plug-in with the sentence.
        detail : for the log.
        """
        if failed.problem in self._reported:
            return
        self._reported.add(failed.problem)
        if failed.group != FORMATS:  # of these the table logs
            log.warning("%s%s", failed.problem, f"\n{detail}" if detail else "")
        known = self._listed.get(_key(failed))
        if known is None or not known.problem:
            self._listed[_key(failed)] = failed
        if self._started:
            self.warned.emit(failed.problem)
        else:
            self._waiting.append(failed)
        self.changed.emit()

    def start(self) -> None:
        """Load what needs no Qt in the background, once the window is complete, then warn."""
        if any(has_plug_ins(group) for group in (FORMATS, CLASSIFIERS)):
            task = self._workspace.tasks.start(
                "Loading plug-ins", load_others, quiet=True, background=True
            )
            task.succeeded.connect(self._on_loaded)
        else:
            self._tell()

    @Slot(object)
    def _on_loaded(self, found: Sequence[PlugIn]) -> None:
        self._add(found)
        self._tell()

    def _add(self, found: Sequence[PlugIn]) -> None:
        for plug_in in found:
            self._listed[_key(plug_in)] = plug_in
            if plug_in.problem:
                self.complain(plug_in)
        if found:
            self.changed.emit()

    def _tell(self) -> None:
        """One warning for all that failed so far: several would push one another away."""
        self._started = True
        failed = list(dict.fromkeys(str(plug_in) for plug_in in self._waiting))
        if len(failed) == 1:
            self.warned.emit(self._waiting[0].problem)
        elif failed:
            names = "; ".join(name.removeprefix("The plug-in ") for name in failed)
            self.warned.emit(
                f"{len(failed)} plug-ins cannot be used: {names}. Edit › Preferences › Plug-ins "
                "says why."
            )
        self._waiting.clear()


def load_others(token: CancelToken, _port: ProgressPort) -> tuple[PlugIn, ...]:
    """The formats and classifiers of packages outside."""
    from hsi_viewer.io import registry

    found = registry.installed()
    registry.problems()  # reported here, not again when a file is opened
    token.check()
    if not has_plug_ins(CLASSIFIERS):
        return found
    from hsi_viewer.learning import classifiers

    return *found, *classifiers.installed()


def _key(plug_in: PlugIn) -> tuple[str, str, str]:
    return plug_in.package, plug_in.group, plug_in.name

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

PANELS = "hsi_viewer.panels"
IN_WORKERS = ("hsi_viewer.formats", "hsi_viewer.classifiers")
log = logging.getLogger(__name__)


class PlugIns(QObject):
    """The plug-ins that were found, each with the first sentence that is wrong with it.

    Signals
    -------
    changed() : there are more of them, or one failed.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._listed: dict[tuple[str, str, str], PlugIn] = {}
        self._told: set[str] = set()
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

    def complain(self, failed: PlugIn) -> None:
        """Note that something is wrong with a plug-in, and warn of it once.

        Parameters
        ----------
        failed : the plug-in with the sentence.
        """
        if failed.problem in self._told:
            return
        self._told.add(failed.problem)
        if not self._listed.get(_key(failed), failed).problem or _key(failed) not in self._listed:
            self._listed[_key(failed)] = failed
        if self._started:
            self._workspace.notify(failed.problem, "warning")
        else:
            self._waiting.append(failed)
        self.changed.emit()

    def start(self) -> None:
        """The window stands: load what needs no Qt in the background, then warn of everything."""
        if any(has_plug_ins(group) for group in IN_WORKERS):
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
                log.warning("%s", plug_in.problem)
                self.complain(plug_in)
        if found:
            self.changed.emit()

    def _tell(self) -> None:
        """One warning for all that failed so far: several would push one another away."""
        self._started = True
        failed = list(dict.fromkeys(str(plug_in) for plug_in in self._waiting))
        if len(failed) == 1:
            self._workspace.notify(self._waiting[0].problem, "warning")
        elif failed:
            names = "; ".join(name.removeprefix("The plug-in ") for name in failed)
            self._workspace.notify(
                f"{len(failed)} plug-ins cannot be used: {names}. Edit › Preferences › Plug-ins "
                "says why.",
                "warning",
            )
        self._waiting.clear()


def load_others(token: CancelToken, _port: ProgressPort) -> tuple[PlugIn, ...]:
    """The formats and classifiers of packages outside."""
    from hsi_viewer.io import registry

    found = registry.installed()
    registry.problems()  # told here, not again when a file is opened
    token.check()
    if not has_plug_ins("hsi_viewer.classifiers"):
        return found
    from hsi_viewer.learning import classifiers

    return *found, *classifiers.installed()


def _key(plug_in: PlugIn) -> tuple[str, str, str]:
    return plug_in.package, plug_in.group, plug_in.name

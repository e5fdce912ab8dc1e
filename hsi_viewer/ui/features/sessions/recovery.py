"""Recovery: offers the work that a crash, a kill or a power cut left behind."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.session.storage.journal_damage import counted
from hsi_viewer.session.storage.lock_file import local_time
from hsi_viewer.session.storage.recoverable_sessions import (
    RecoverableSession,
    bring_back,
    discard,
    discarded,
    forget_old_discarded,
    recoverable_sessions,
)
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

SHOWN = 3
SIGN, BIN = "backup-restore", "delete-outline"
Found = tuple[
    tuple[RecoverableSession, ...], tuple[RecoverableSession, ...]
]  # left behind, discarded


class RecoveryFeature(Feature):
    """Looks for unsaved work at the start, and again when a cube is opened."""

    key = "recovery"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._found: tuple[RecoverableSession, ...] = ()
        self._discarded: tuple[RecoverableSession, ...] = ()
        self._later: set[Path] = set()
        self._restored: set[Path] = set()  # offered whichever scene is open
        context.opening.opened.connect(self._on_opened)
        self.search()

    def commands(self) -> list[Command]:
        """File › Recover, and what was discarded there."""
        return [
            Command(
                "file.recover",
                "&Recover unsaved work…",
                "&File",
                self.show_all,
                (),
                SIGN,
                lambda: bool(self._found),
                lambda: "There is no unsaved work to recover.",
            ),
            Command(
                "file.discarded",
                "Restore &discarded work…",
                "&File",
                self.show_discarded,
                (),
                BIN,
                lambda: bool(self._discarded),
                lambda: "There is no discarded work.",
            ),
        ]

    @Slot()
    def search(self) -> None:
        """Look for unsaved work in the background."""

        def work(_token: CancelToken, _port: ProgressPort) -> Found:
            forget_old_discarded()
            return recoverable_sessions(), discarded()

        self.workspace.compute(
            "Looking for unsaved work", work, self._on_found, quiet=True, patient=True
        )

    @Slot(object)
    def _on_opened(self, _opened: object) -> None:
        self._later.clear()  # what belongs to this cube is offered again
        self.search()

    def _on_found(self, result: Found) -> None:
        before, (found, self._discarded) = self._found, result
        self._found = found
        session = self.context.sessions.session
        if session is not None:
            wanted = (session.reference.source, session.reference.part)
            found = tuple(
                o
                for o in found
                if o.path in self._restored
                or (o.reference and (o.reference.source, o.reference.part) == wanted)
            )
        shown = [o for o in found if o.path not in self._later][:SHOWN]
        for old in before:
            if old not in shown:
                self.context.offers.withdraw(str(old.path))
        kept = {offer.key for offer in self.context.offers.offers}
        for leftover in shown:
            if str(leftover.path) not in kept:  # what is there stays in its place under the mouse
                self._offer(leftover)
        self.workspace.state_changed.emit()

    @Slot()
    def show_all(self) -> None:
        """Offer everything that was found."""
        for leftover in self._found:
            self._offer(leftover)

    @Slot()
    def show_discarded(self) -> None:
        """Offer everything that was discarded and is still there."""
        for leftover in self._discarded:
            self._offer_back(leftover, leftover.path)

    def _offer(self, leftover: RecoverableSession) -> None:
        self.context.offers.offer(
            str(leftover.path),
            described(leftover),
            (
                Choice("Recover", partial(self.recover, leftover), primary=True),
                Choice("Later", partial(self._later.add, leftover.path), escape=True),
                Choice("Discard", partial(self.discard, leftover)),
            ),
            SIGN,
        )

    def recover(self, leftover: RecoverableSession) -> None:
        """Open the cube with the work on it, asking where it is if it has gone."""
        reference = leftover.reference
        source = reference.found() if reference else None
        if source is None:
            name = Path(reference.source).name if reference else "the scene of this work"
            path, _ = QFileDialog.getOpenFileName(
                self.window, f"Where is {name}?", self.workspace.settings.last_folder
            )
            if not path:
                self._offer(leftover)
                return
            source = reference.at(path) if reference else path
        self.context.sessions.recover(leftover, source)

    def discard(self, leftover: RecoverableSession) -> None:
        """Discard work; it can be restored from the offer that follows."""
        try:
            put_away = discard(leftover)
        except (OSError, FileError) as error:
            self.workspace.notify(f"The work could not be discarded: {error}", "error")
            return
        self._found = tuple(o for o in self._found if o.path != leftover.path)
        self._offer_back(leftover, put_away)
        self.search()

    def _offer_back(self, leftover: RecoverableSession, put_away: Path) -> None:
        when = local_time(_time(leftover.when))
        self.context.offers.offer(
            str(put_away),
            f"The work on {leftover.name} from {when} was discarded.",
            (
                Choice("Restore", partial(self._bring_back, put_away)),
                Choice("Close", lambda: None, escape=True),
            ),
            BIN,
        )

    def _bring_back(self, put_away: Path) -> None:
        try:
            self._restored.add(bring_back(put_away))
        except OSError as error:
            self.workspace.notify(f"The work could not be restored: {error}", "error")
        self.search()


def described(leftover: RecoverableSession) -> str:
    """The work in one sentence or two."""
    what = [counted(leftover.strokes, "stroke")] if leftover.strokes else []
    what += [counted(leftover.runs, "map")] if leftover.runs else []
    message = f"Work on {leftover.name} from {local_time(_time(leftover.when))} was not saved"
    message += f": {' and '.join(what)}." if what else "."
    if leftover.losses is not None:
        left = "This can be recovered" if what else "None of the strokes can be read"
        message += f" Its journal is damaged. {left}. {leftover.losses.words()}"
    if leftover.reference is None:
        message += " The name of its scene can't be read: you will be asked for the file."
    return message


def _time(seconds: float) -> str:
    """A time in ISO 8601; "" if it is beyond all calendars."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""

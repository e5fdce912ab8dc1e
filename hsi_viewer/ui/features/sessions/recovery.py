"""Recovery: offers the work that a crash, a kill or a power cut left behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.text import counted
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
from hsi_viewer.ui.features.sessions.session_list import SessionList
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

SHOWN = 3
SIGN, BIN = "backup-restore", "delete-outline"
RECOVER, DISCARD, RESTORE = "Recover", "Discard", "Restore"
DISCARDED_MENU = "File › Restore discarded work"
Works = tuple[RecoverableSession, ...]
Found = tuple[Works, Works]  # left behind, discarded


class RecoveryFeature(Feature):
    """Looks for unsaved work at the start, and again when a cube is opened."""

    key = "recovery"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._found: tuple[RecoverableSession, ...] = ()
        self._discarded: tuple[RecoverableSession, ...] = ()
        self._later: set[Path] = set()
        self._restored: set[Path] = set()  # offered whichever scene is open
        self._offered: set[str] = set()  # keys of the questions that are asked
        context.opening.opened.connect(self._on_opened)
        for signal in (context.opening.kept, context.opening.refused):
            signal.connect(self._on_not_opened)
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
        found, self._discarded = result
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
        shown = list(_by_scene([o for o in found if o.path not in self._later]).items())[:SHOWN]
        kept = {offer.key: offer.text for offer in self.context.offers.offers}
        for key in self._offered - {key for key, _ in shown}:
            self.context.offers.withdraw(key)
        for key, works in shown:
            if kept.get(key) != _question(works):  # what is there stays in its place
                self._offer(key, works)
        self._offered = {key for key, _ in shown}
        self.workspace.state_changed.emit()

    @Slot()
    def show_all(self) -> None:
        """Offer everything that was found."""
        self._show(self._found)

    def _show(self, works: Works) -> None:
        """Offer some work: a question about one, a list of several."""
        if len(works) == 1:
            self._offer(str(works[0].path), works)
        elif works:
            about = f"What you discard can be restored: {DISCARDED_MENU}."
            self._list("Unsaved work", about, works, (RECOVER, DISCARD))

    @Slot()
    def show_discarded(self) -> None:
        """List everything that was discarded and is still there."""
        if self._discarded:
            about = "Restore opens the scene with its work, which can be discarded again."
            self._list("Discarded work", about, self._discarded, (RESTORE,))

    def _list(self, title: str, about: str, works: Works, actions: tuple[str, ...]) -> None:
        rows = [((w.name, local_time(_time(w.when)), _contents(w)), described(w), w) for w in works]
        dialog = SessionList(title, about, rows, actions, self.window)
        dialog.asked.connect(self._on_asked)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_asked(self, action: str, work: RecoverableSession) -> None:
        dialog = self.sender()
        if not isinstance(dialog, SessionList):
            return
        if action == RECOVER:
            dialog.accept()
            self.recover(work)
        elif action == DISCARD and self._put_away(work) is not None:
            dialog.remove(work)
            self.search()
        elif action == RESTORE:
            dialog.accept()
            self._restore(work)

    def _offer(self, key: str, works: Works) -> None:
        later = Choice("Later", partial(self._wait, works), escape=True)
        first, *more = works
        choices: tuple[Choice, ...] = (
            Choice(RECOVER, partial(self.recover, first), primary=True),
            later,
            Choice(DISCARD, partial(self.discard, first)),
        )
        if more:
            choices = (Choice("Show…", partial(self._show, works), primary=True), later)
        self.context.offers.offer(key, _question(works), choices, SIGN)

    def _wait(self, works: Works) -> None:
        self._later.update(work.path for work in works)

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
                self._offer(str(leftover.path), (leftover,))
                self._on_not_opened()
                return
            source = reference.at(path) if reference else path
        self.context.sessions.recover(leftover, source)

    def discard(self, leftover: RecoverableSession) -> None:
        """Discard work; it can be restored from the offer that follows."""
        put_away = self._put_away(leftover)
        if put_away is not None:
            self._offer_back(leftover, put_away)
            self.search()

    def _put_away(self, leftover: RecoverableSession) -> Path | None:
        """Discard work; its place then, or None where that failed."""
        try:
            put_away = discard(leftover)
        except (OSError, FileError) as error:
            self.workspace.notify(f"The work could not be discarded: {error}", "error")
            return None
        self._found = tuple(o for o in self._found if o.path != leftover.path)
        return put_away

    def _offer_back(self, leftover: RecoverableSession, put_away: Path) -> None:
        when = local_time(_time(leftover.when))
        self.context.offers.offer(
            str(put_away),
            f"The work on {leftover.name} from {when} was discarded.",
            (
                Choice(RESTORE, partial(self._restore, replace(leftover, path=put_away))),
                Choice("Close", lambda: None, escape=True),
            ),
            BIN,
        )

    def _restore(self, work: RecoverableSession) -> None:
        """Open discarded work; where its scene isn't opened after all, it is offered again."""
        try:
            back = bring_back(work.path)
        except OSError as error:
            self.workspace.notify(f"The work could not be restored: {error}", "error")
            self.search()
            return
        self._restored.add(back)
        self.recover(replace(work, path=back))

    @Slot()
    def _on_not_opened(self) -> None:
        """Work whose scene wasn't opened is unsaved again."""
        if self._restored:
            self.search()


def _by_scene(works: Sequence[RecoverableSession]) -> dict[str, Works]:
    """The work on each scene, by the key of its question; unknown scenes are one each."""
    groups: dict[tuple[str, str], list[RecoverableSession]] = {}
    for work in works:
        known = work.reference
        scene = (known.source, known.part or "") if known is not None else (str(work.path), "")
        groups.setdefault(scene, []).append(work)
    return {
        str(group[0].path) if len(group) == 1 else f"{source}:{part}": tuple(group)
        for (source, part), group in groups.items()
    }


def _question(works: Works) -> str:
    """What is offered, in a sentence or two."""
    if len(works) == 1:
        return described(works[0])
    latest = local_time(_time(max(work.when for work in works)))
    return f"{len(works)} unsaved sessions of {works[0].name}, the last of {latest}."


def _contents(work: RecoverableSession) -> str:
    """What was done, and whether some of it is lost."""
    return ", ".join(_done(work) + (["damaged"] if work.losses is not None else []))


def _done(work: RecoverableSession) -> list[str]:
    """Strokes and maps, counted, as far as there are any."""
    parts = ((work.strokes, "stroke"), (work.runs, "map"))
    return [counted(number, word) for number, word in parts if number]


def described(leftover: RecoverableSession) -> str:
    """The work in one sentence or two."""
    what = _done(leftover)
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

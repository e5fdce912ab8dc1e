"""Progress of a job on standard error: a bar in a terminal, a line per step in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from hsi_viewer.cli.streams import end_if_asked
from hsi_viewer.core.progress import Note, Progress, ProgressPort, SilentPort
from hsi_viewer.core.text import percent
from hsi_viewer.core.training import EpochReport

STEPS = 20  # lines of a step that tells how far it is, in a log


class _Console(Console):
    """A console whose reader may go: rich itself would end the program."""

    def on_broken_pipe(self) -> None:
        """Print no more."""
        self.quiet = True


@contextmanager
def progress_on_stderr(quiet: bool = False) -> Iterator[ProgressPort]:
    """A port that shows what is reported until the block ends; only warnings if it is quiet."""
    if sys.stderr is None:  # closed at the start
        yield _EndingPort(SilentPort())
        return
    console = _Console(stderr=True)
    if quiet or not console.is_terminal:
        yield _EndingPort(_LinePort(console, quiet))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console) as bars:
        port = _BarPort(bars)
        yield _EndingPort(port)
        port.finish()


def _epoch_text(item: EpochReport) -> str:
    text = f"epoch {item.epoch}/{item.epochs}, loss {item.loss:.2f}"
    if not item.exit_accuracy:
        return text
    return f"{text}, training accuracy {percent(item.exit_accuracy[-1])}"


def _note_text(note: Note) -> str:
    return f"hsi-viewer: warning: {' '.join(note.text.split())}"


class _EndingPort:
    """Hands reports on; where a job tells its progress, it ends if a signal asked for that."""

    def __init__(self, port: ProgressPort) -> None:
        self._port = port

    def report(self, item: object) -> None:
        """End, or hand it on."""
        if isinstance(item, Progress):
            end_if_asked()
        self._port.report(item)


class _BarPort:
    """A bar for each step; the bars of steps that are over stay full."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._steps: dict[str, TaskID] = {}
        self._current = ""

    def report(self, item: object) -> None:
        """Show progress, epochs and notes; early maps are not for the terminal."""
        if isinstance(item, Note):
            self._bars.console.print(_note_text(item), markup=False, highlight=False)
        elif isinstance(item, Progress):
            if item.message != self._current:
                self.finish()
                self._begin(item.message)
            if item.fraction is not None:
                self._bars.update(self._step, total=1.0, completed=item.fraction)
            if item.detail:
                self._bars.update(self._step, detail=item.detail)
        elif isinstance(item, EpochReport) and self._current:
            self._bars.update(self._step, detail=_epoch_text(item))

    def finish(self) -> None:
        """Fill the bar of the current step."""
        if self._current:
            self._bars.update(self._step, total=1.0, completed=1.0)

    @property
    def _step(self) -> TaskID:
        return self._steps[self._current]

    def _begin(self, message: str) -> None:
        self._current = message
        if message not in self._steps:
            self._steps[message] = self._bars.add_task(message, total=None, detail="")


class _LinePort:
    """One line for each new step, each epoch and each note, as long as somebody reads them."""

    def __init__(self, console: Console, notes_only: bool) -> None:
        self._console, self._notes_only = console, notes_only
        self._message, self._step = "", -1
        self._is_read = True

    def report(self, item: object) -> None:
        """Print what is new."""
        if isinstance(item, Note):
            self._print(_note_text(item))
        elif self._notes_only:
            return
        elif isinstance(item, Progress) and item.message != self._message:
            self._message = item.message
            self._print(item.message)
            self._detailed(item)
        elif isinstance(item, Progress) and item.detail:
            self._detailed(item)
        elif isinstance(item, EpochReport):
            self._print("  " + _epoch_text(item))

    def _detailed(self, item: Progress) -> None:
        """Print how far a step is, at the start, every twentieth of it, and at the end."""
        step = int((item.fraction or 0.0) * STEPS)
        if item.detail and step != self._step:
            self._step = step
            self._print("  " + item.detail)

    def _print(self, text: str) -> None:
        if not self._is_read:
            return
        try:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        except OSError:  # a full disk is not a reason to stop the work
            self._is_read = False

"""What a job shows on standard error."""

from __future__ import annotations

import io
import signal
from contextlib import suppress

import pytest

from hsi_viewer.cli.progress import progress_on_stderr
from hsi_viewer.cli.streams import TerminatedError, terminable
from hsi_viewer.core.progress import Note, Progress
from hsi_viewer.core.training import EpochReport

REPORTS = (
    Progress("Computing features"),
    Progress("Training", 0.1),
    EpochReport(1, 2, 1.25, (0.5, 0.75)),
    Progress("Training", 0.9),
    object(),
    Note("One thing\n[bold]is[/bold] odd."),
    Progress("Predicting"),
)
WARNING = "hsi-viewer: warning: One thing [bold]is[/bold] odd."


def show_all() -> None:
    with progress_on_stderr() as port:
        for item in REPORTS:
            port.report(item)


def test_a_log_gets_a_line_a_step_and_an_epoch(capsys):
    show_all()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Computing features",
        "Training",
        "  epoch 1/2, loss 1.25, training accuracy 75 %",
        WARNING,
        "Predicting",
    ]


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")


def test_a_terminal_gets_a_bar_for_each_step(terminal, capsys):
    show_all()
    out, err = capsys.readouterr()
    assert out == ""
    last = err[err.rindex("Computing features") :]
    assert last.index("Training") < last.index("Predicting")
    assert "epoch 1/2, loss 1.25, training accuracy 75 %" in last
    assert err.count(WARNING) == 1


class Unwritable(io.StringIO):
    """A stream of which nobody reads, or the disk is full."""

    def __init__(self, error: OSError, *, terminal: bool) -> None:
        super().__init__()
        self.error, self.terminal, self.tries = error, terminal, 0

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.tries += 1
        raise self.error


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space")])
def test_a_log_that_cannot_be_written_does_not_stop_the_work(monkeypatch, error):
    stream = Unwritable(error, terminal=False)
    monkeypatch.setattr("sys.stderr", stream)
    show_all()
    assert stream.tries == 1


def test_a_closed_standard_error_takes_no_report(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr", None)
    show_all()
    assert capsys.readouterr().out == ""


@pytest.fixture
def heeds_interrupts():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, TerminatedError)],
)
def test_a_signal_that_python_dropped_ends_the_job_at_its_next_progress(
    heeds_interrupts, sent, expected
):
    with terminable(), progress_on_stderr() as port:
        with suppress(KeyboardInterrupt):  # as in the callback of an import, say
            signal.raise_signal(sent)
        port.report(Note("What is finished is kept."))
        with pytest.raises(KeyboardInterrupt) as raised:
            port.report(Progress("Writing"))
        assert raised.type is expected
    with progress_on_stderr() as port:
        port.report(Progress("The next job"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

"""What a job shows on standard error."""

from __future__ import annotations

import io
import re
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
    bars = re.findall("\u2501+", last)  # one that is not full is of two colours
    assert (len(bars), len(set(bars))) == (3, 1)
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


def test_how_far_a_step_is_is_said_at_its_start_each_twentieth_and_its_end(capsys):
    with progress_on_stderr() as port:
        port.report(Progress("Mapping", 0.0, "0 of 100"))
        for done in range(101):
            port.report(Progress("Mapping", done / 100, f"{done} of 100"))
        port.report(Progress("Mapping", 1.0))
        port.report(Progress("Writing", None, "a.tif"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[:4] == ["Mapping", "  0 of 100", "  5 of 100", "  10 of 100"]
    assert lines[-3:] == ["  100 of 100", "Writing", "  a.tif"]
    assert len(lines) == 1 + 21 + 2


def test_a_quiet_job_says_its_warnings_only(capsys, terminal):
    with progress_on_stderr(quiet=True) as port:
        for item in REPORTS:
            port.report(item)
        port.report(Progress("Writing", 0.5, "half"))
        port.report(Note("Of 3 labels 1 is left."))  # no number is coloured
    plain = "hsi-viewer: warning: Of 3 labels 1 is left."
    assert capsys.readouterr().err == f"{WARNING}\n{plain}\n"


def test_details_and_epochs_stand_beside_the_bar_of_their_step(terminal, capsys):
    with progress_on_stderr() as port:
        port.report(EpochReport(1, 9, 7.5, ()))  # before any step: it has no bar
        port.report(Progress("Training", 0.5, "20 of 40"))
        port.report(Progress("Training", None))
        port.report(Progress("Mapping"))
        port.report(EpochReport(2, 2, 0.123, ()))
        port.report(Progress("Training", 0.75))
    err = capsys.readouterr().err
    assert "7.50" not in err
    last = err[err.rindex("Training") :]
    assert "20 of 40" in last
    assert "epoch 2/2, loss 0.12" in last
    assert "training accuracy" not in err
    assert err[err.rindex("Training") :].count("Mapping") == 1


def test_a_step_that_begins_late_says_how_far_it_is(capsys):
    with progress_on_stderr() as port:
        port.report(Progress("Mapping", 0.05, "1 of 20"))
    assert capsys.readouterr().err.splitlines() == ["Mapping", "  1 of 20"]

"""What a job shows on standard error."""

from __future__ import annotations

import pytest

from hsi_viewer.cli_progress import progress_on_stderr
from hsi_viewer.core.progress import Progress
from hsi_viewer.core.training import EpochReport

REPORTS = (
    Progress("Computing features"),
    Progress("Training", 0.1),
    EpochReport(1, 2, 1.25, (0.5, 0.75)),
    Progress("Training", 0.9),
    object(),
    Progress("Painting"),
)


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
        "  epoch 1/2, loss 1.25, training accuracy 75%",
        "Painting",
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
    assert last.index("Training") < last.index("Painting")
    assert "epoch 1/2, loss 1.25, training accuracy 75%" in last

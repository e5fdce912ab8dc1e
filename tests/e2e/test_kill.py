"""The application is killed at random moments while it is drawn in; nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.io.opening import open_cube
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.storage.journal_records import Kind, read_records
from hsi_viewer.session.storage.journal_replay import replay
from tests.e2e.kill_driver import digest
from tests.patience import PATIENCE

ROUNDS = int(os.environ.get("HSI_KILL_ROUNDS", "2"))
PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known there")


def live_and_die(cube: Path, seed: int) -> list[tuple[str, int, str]]:
    """Run the application and kill it while it is drawn in; what it said until then."""
    chance = np.random.default_rng(seed)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.kill_driver", cube, str(seed)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = [process.stdout.readline() for _ in range(chance.integers(2, 60))]
    timer = threading.Timer(chance.uniform(0.0, 0.02), process.kill)  # anywhere in a gesture
    timer.start()
    rest, errors = process.communicate(timeout=PATIENCE)
    timer.join()
    assert process.returncode == -signal.SIGKILL, errors
    reported = [line.split() for line in "".join((*lines, rest)).split("\n")[:-1]]
    return [(what, int(strokes), state) for what, strokes, state in reported]


def state_after(cube: Path, journal: Path, strokes: int | None) -> str:
    """Digest of a journal's state after its first strokes; None for all."""
    records, seen = [], 0
    for record in read_records(journal).records:
        seen += record.kind in (Kind.STEP, Kind.MOVE)
        if strokes is not None and seen > strokes:
            break
        records.append(record)
    document = Document(open_cube(cube))
    replay(records, document)
    return digest(document)


def test_killed_again_and_again_nothing_is_lost(tmp_path, monkeypatch):
    monkeypatch.setenv("HSI_VIEWER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    cube = tmp_path / "cube.npy"
    np.save(cube, np.random.default_rng(0).normal(size=(60, 80, 5)).astype(np.float32))
    drawn, known = 0, None
    for seed in range(ROUNDS):
        reported = live_and_die(cube, seed)
        (journal,) = (tmp_path / "data" / "sessions").glob("*/journal")
        what, strokes, state = reported[0]
        assert what == "start"
        assert (strokes, state) == known or (known is None and strokes == 0)
        _, strokes, state = reported[-1]
        assert state_after(cube, journal, strokes) == state  # every gesture that had ended
        whole = [r for r in read_records(journal).records if r.kind in (Kind.STEP, Kind.MOVE)]
        assert strokes <= len(whole) <= strokes + 1  # and at most the one that was ending
        known = (len(whole), state_after(cube, journal, None))
        drawn += len(reported) - 1
    assert drawn > 10

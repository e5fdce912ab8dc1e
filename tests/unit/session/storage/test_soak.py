"""Ten thousand strokes: the memory stays flat, and each gesture ends fast."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from hsi_viewer.core.labels.history import History
from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.journal_recorder import Recorder
from hsi_viewer.session.storage.journal_records import read_records
from hsi_viewer.session.storage.journal_replay import replay
from tests.unit.session.made import content_of, new_document

STROKES = 10_000
KEPT = 500
SIZE = (200, 300)
STATM = Path("/proc/self/statm")


def memory_in_use() -> int:
    """Resident memory in bytes; where the system tells only its peak, that."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_ten_thousand_strokes_in_flat_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.session.storage.journal_recorder.COMPACT_FROM", 2**20)
    document = new_document(*SIZE)
    document.history = History(max_steps=KEPT)
    recorder = Recorder(document, Journal(tmp_path / "journal", sync=False))
    chance, lengths, memory = np.random.default_rng(0), [], []
    for number in range(STROKES):
        stroke = Stroke(document, 1 + number % 5)
        start = chance.integers(0, SIZE[0] * SIZE[1] - 60)
        stroke.paint(np.arange(start, start + 40))
        stroke.paint(np.arange(start + 20, start + 60))
        stroke.finish()
        if number % 10 == 0:
            document.history.undo()
        if number % 500 == 499:
            recorder.check_written()
            recorder.maintain()
            recorder.check_written()
            recorder.maintain()
            lengths.append(recorder.journal.length)
            memory.append(memory_in_use())
    recorder.close()
    assert len(document.history.steps) == KEPT
    full = memory[4:]  # the history is full by then
    slope = np.polyfit(np.arange(len(full)) * 500, full, 1)[0]
    assert slope < 200  # bytes a stroke; one edit alone takes 700
    assert max(lengths) < 2 * 2**20
    again = new_document(*SIZE)
    again.history = History(max_steps=KEPT)
    replay(read_records(tmp_path / "journal").records, again)
    assert content_of(again) == content_of(document)

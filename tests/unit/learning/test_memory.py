"""Trainings and live strokes give back the memory that they take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).parent / "memory_child.py"
TRAININGS, STROKES = 30, 60


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_trainings_and_live_strokes_give_their_memory_back() -> None:
    command = [sys.executable, str(CHILD), str(TRAININGS), str(STROKES)]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(out.stdout)
    assert len(found["memory"]) == TRAININGS + STROKES
    assert found["whole"] == 10
    assert found["cancelled"] == 20
    assert found["in the walker"] >= 10
    assert max(found["memory"][3:]) - found["memory"][2] < 30  # MB

"""Trainings and live strokes give back the memory that they take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).parent / "memory_child.py"
TRAININGS, STROKES = 18, 30


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_trainings_and_live_strokes_give_their_memory_back() -> None:
    """Six trainings of each end, and factors of the walker of 2 MB, three times a training.

    One kind of end that keeps its factors takes 30 MB after the third training; what allocators
    keep of all rounds together is below 7 MB.
    """
    command = [sys.executable, str(CHILD), str(TRAININGS), str(STROKES)]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(out.stdout)
    assert len(found["memory"]) == TRAININGS + STROKES
    assert found["whole"] == 6
    assert found["cancelled"] == 12
    assert found["in the walker"] >= 6
    assert max(found["memory"][3:]) - found["memory"][2] < 15  # MB

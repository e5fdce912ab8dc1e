"""Trainings and live strokes give their memory back, and a tile of many bands takes little."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).parent / "memory_child.py"
PROJECT = Path(__file__).resolve().parents[3]
TRAININGS, STROKES = 30, 60


linux_alone = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as Linux counts")


@linux_alone
def test_trainings_and_live_strokes_give_their_memory_back() -> None:
    command = [sys.executable, str(CHILD), str(TRAININGS), str(STROKES)]
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(out.stdout)
    assert len(found["memory"]) == TRAININGS + STROKES
    assert found["whole"] == 10
    assert found["cancelled"] == 20
    assert found["in the walker"] >= 10
    assert max(found["memory"][3:]) - found["memory"][2] < 30  # MB


@linux_alone
def test_a_tile_of_many_bands_takes_little_more_memory_than_one_of_few() -> None:
    """The values of its window alone are 41 MB of 100 bands and 164 MB of 400."""
    command = [sys.executable, "-m", "tests.unit.learning.tile_memory_child", "100", "400"]
    out = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    few, many = json.loads(out.stdout)
    assert many - few < 300  # MB; several copies of the values of the window are 490

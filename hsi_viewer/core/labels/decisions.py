"""Decisions: what the user said about pixels, other than a class."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

DECISIONS = "decisions"  # name of their map in steps and journals


class Decision(IntEnum):
    """What was decided about a pixel; 0 where nothing was."""

    SKIPPED = 1  # not asked for again
    NO_CLASS = 2  # none of the classes is there
    KEPT = 3  # its label is right, though models contradict it

    @property
    def title(self) -> str:
        """Title of the step that notes it."""
        return _TITLES[self]


_TITLES = {
    Decision.SKIPPED: "Skip place",
    Decision.NO_CLASS: "No class here",
    Decision.KEPT: "Keep label",
}


def background_of(decisions: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Where (rows, columns) the user said that none of the classes is."""
    background: NDArray[np.bool_] = decisions == Decision.NO_CLASS
    return background

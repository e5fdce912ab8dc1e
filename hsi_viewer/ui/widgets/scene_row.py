"""SceneRow: a session as the panel Scenes lists it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SceneRow:
    """A session as it is listed.

    Attributes
    ----------
    path : of the session file.
    scene : name of its cube.
    labels, classes : labelled pixels, and classes that have some.
    has_map : whether a training run is kept in it.
    problem : why it cannot be read, or "".
    """

    path: Path
    scene: str
    labels: int = 0
    classes: int = 0
    has_map: bool = False
    problem: str = ""

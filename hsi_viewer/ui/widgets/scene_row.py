"""SceneRow: a session as the panel Scenes lists it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class SceneRow(Struct, frozen=True):
    """A session as it is listed.

    Attributes
    ----------
    path : of the session file.
    scene : name of its cube.
    labels, classes : labelled pixels, and classes that have some.
    has_map : whether a training run is kept in it.
    problem : why it cannot be read, or "".
    missing : where its cube should be, if nothing is there; else "".
    """

    path: Path
    scene: str
    labels: int = 0
    classes: int = 0
    has_map: bool = False
    problem: str = ""
    missing: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be trained on."""
        return not (self.problem or self.missing) and self.labels > 0

    @property
    def remark(self) -> str:
        """What is wrong with it, or where it is and what it has."""
        if self.missing:
            return f"{self.missing} isn't there, nor next to {self.path}; open it to find it."
        has = f"Labels: {self.labels:,}, classes: {self.classes}"
        return self.problem or f"{self.path}\n{has}{', with a map' if self.has_map else ''}"

"""Noting: how a job keeps what its steps note, for its report."""

from __future__ import annotations

from hsi_viewer.core.progress import Note, ProgressPort


class Noting:
    """A job that is the port of its steps.

    Attributes
    ----------
    port : takes what is reported, each `Note` once.
    warnings : what was noted so far.
    """

    port: ProgressPort
    warnings: list[str]

    def report(self, item: object) -> None:
        """Pass on what a step reports, and keep what it notes; the same is noted once."""
        if isinstance(item, Note):
            if item.text in self.warnings:
                return
            self.warnings.append(item.text)
        self.port.report(item)

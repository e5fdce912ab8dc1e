"""Commands of the menu Map about the reference sample."""

from __future__ import annotations

from typing import Protocol

from hsi_viewer.core.assessment.labelled_sample import LabelledSample
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP

MENU = "&Map"
NO_SAMPLE = "Draw a reference sample first."


class Sampling(Protocol):
    """What the commands do."""

    active: bool

    @property
    def sample(self) -> LabelledSample | None:
        """The sample of the document, or None."""

    def has_map(self) -> bool:
        """Whether there is a map to draw from."""

    def choose(self) -> None:
        """Ask how many points, and draw them."""

    def switch(self, on: bool) -> None:
        """Start or stop labelling."""

    def export(self) -> None:
        """Write the points to a file."""


def sample_commands(feature: Sampling) -> list[Command]:
    """Draw, label and export."""

    def can_label() -> bool:
        return feature.sample is not None and not feature.sample.complete

    return [
        Command(
            "map.sample",
            "&Draw a reference sample…",
            MENU,
            feature.choose,
            (),
            "dice-multiple-outline",
            feature.has_map,
            lambda: NO_MAP,
        ),
        Command(
            "map.label_sample",
            "&Label the reference sample",
            MENU,
            feature.switch,
            (),
            "eye-off-outline",
            can_label,
            lambda: NO_SAMPLE if feature.sample is None else "All points are labelled.",
            checked=lambda: feature.active,
        ),
        Command(
            "map.export_sample",
            "&Export the reference sample…",
            MENU,
            feature.export,
            (),
            "export-variant",
            lambda: feature.sample is not None,
            lambda: NO_SAMPLE,
        ),
    ]

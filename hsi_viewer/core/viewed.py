"""What is on the screen: told by a window, read by a worker that paints there first."""

from __future__ import annotations

from msgspec import Struct


class ViewedPart(Struct, frozen=True):
    """A part of a scene.

    Attributes
    ----------
    rows, columns : of the pixels that are shown; at least one of each.
    step : pixels of the scene to one of the screen, at least 1.
    """

    rows: slice
    columns: slice
    step: int = 1

    def within(self, rows: int, columns: int) -> ViewedPart | None:
        """What of it lies in a scene of a size, if any does."""
        down = slice(max(0, self.rows.start), min(self.rows.stop, rows))
        across = slice(max(0, self.columns.start), min(self.columns.stop, columns))
        if down.start >= down.stop or across.start >= across.stop:
            return None
        return ViewedPart(down, across, self.step)

    def meets(self, rows: slice, columns: slice) -> bool:
        """Whether it shows pixels of a window."""
        down, across = self.rows, self.columns
        above, below = rows.stop <= down.start, rows.start >= down.stop
        left, right = columns.stop <= across.start, columns.start >= across.stop
        return not (above or below or left or right)


class Viewed:
    """The part that is shown now; one thread tells it, others read it."""

    def __init__(self, part: ViewedPart | None = None) -> None:
        self._part = part

    @property
    def part(self) -> ViewedPart | None:
        """What is shown; None while nothing is known of it."""
        return self._part

    def tell(self, part: ViewedPart | None) -> None:
        """Note what is shown from now on."""
        self._part = part

"""WholeAxis: an axis of counts, with ticks at whole numbers."""

from __future__ import annotations

import pyqtgraph as pg


class WholeAxis(pg.AxisItem):
    """A bottom axis whose ticks are whole numbers, while `whole` is True."""

    whole = True

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Distances and offsets of the ticks, the widest first."""
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        if not self.whole:
            return levels
        return [level for level in levels if level[0] >= 1] or [(1.0, 0.0)]

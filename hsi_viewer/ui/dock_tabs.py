"""DockTabs: the tabs of panels that share a dock, as words or, where these don't fit, as icons."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QTabBar

from hsi_viewer.ui.theme import icon

PADDING = 18  # left and right of a title, as in the style sheet
CROWDED = "crowded"  # property: the style sheet hides the titles then


class DockTabs(QObject):
    """Shows whole titles, or the icons of all panels of a dock; the title above names its panel.

    The width of a tab doesn't depend on which is in front, so that a click moves none of them.

    Parameters
    ----------
    signs : names of the icons, by the titles of the panels.
    """

    def __init__(self, parent: QObject, signs: Mapping[str, str]) -> None:
        super().__init__(parent)
        self._signs = signs

    def fit(self, bar: QTabBar) -> None:
        """Choose between words and icons for the width that the bar has now."""
        bar.installEventFilter(self)  # once, however often it is called
        metrics, titles = bar.fontMetrics(), [bar.tabText(n) for n in range(bar.count())]
        needed = sum(metrics.horizontalAdvance(title) + PADDING for title in titles)
        crowded = needed > bar.width()
        side = metrics.height()
        bar.setElideMode(Qt.TextElideMode.ElideRight)
        bar.setUsesScrollButtons(True)  # of so many that not even the icons fit
        bar.setIconSize(QSize(side, side) if crowded else QSize())
        for number, title in enumerate(titles):
            sign = self._signs.get(title, "puzzle-outline")
            bar.setTabIcon(number, icon(sign) if crowded else QIcon())
        if crowded != bool(bar.property(CROWDED)):
            bar.setProperty(CROWDED, crowded)
            bar.style().unpolish(bar)
            bar.style().polish(bar)
            bar.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the tabs of a dock that became wider or narrower, or has other colours or text."""
        if isinstance(watched, QTabBar) and event.type() in (
            QEvent.Type.Resize,
            QEvent.Type.FontChange,
            QEvent.Type.PaletteChange,
        ):
            self.fit(watched)
        return False

"""Names that are too long for their room, cut where they stay different."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractItemView

CUTS = (Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideLeft, Qt.TextElideMode.ElideRight)
MOST = 300  # names of a list that are compared


def best_cut(names: Iterable[str], metrics: QFontMetrics, width: int) -> Qt.TextElideMode:
    """Where names wider than so many pixels are cut: in the middle, if as many stay different."""
    known = set(names)
    return max(CUTS, key=lambda cut: len({metrics.elidedText(n, cut, width) for n in known}))


def fitted(names: Sequence[str], metrics: QFontMetrics, width: int) -> list[str]:
    """Names that are at most so many pixels wide, cut where they stay different."""
    cut = best_cut(names, metrics, width)
    return [metrics.elidedText(name, cut, width) for name in names]


def cut_apart(view: QAbstractItemView, column: int = 0) -> None:
    """Cut the names in a column of a list where they stay different."""
    model, metrics = view.model(), view.fontMetrics()
    places = [model.index(row, column) for row in range(min(model.rowCount(), MOST))]
    if not places:
        return
    names, width = [str(place.data() or "") for place in places], view.visualRect(places[0]).width()
    beside = view.sizeHintForIndex(places[0]).width() - metrics.horizontalAdvance(names[0])
    view.setTextElideMode(best_cut(names, metrics, width - beside))

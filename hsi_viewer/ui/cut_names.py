"""Names that are too long for their room, each cut where it stays different from the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

MIDDLE, LEFT, RIGHT = (
    Qt.TextElideMode.ElideMiddle,
    Qt.TextElideMode.ElideLeft,
    Qt.TextElideMode.ElideRight,
)
MOST = 300  # names of a list that are compared
ELLIPSIS = "…"


def fitted(names: Sequence[str], metrics: QFontMetrics, width: int) -> list[str]:
    """Names that are at most so many pixels wide: cut in the middle, if that leaves them different.

    Those that would look alike keep their beginning, their end, or what follows where they
    begin to differ.
    """
    shown = {name: metrics.elidedText(name, MIDDLE, width) for name in names}
    different = 0
    while different < len(set(shown.values())):
        different = len(set(shown.values()))
        for group in _alike(shown):
            begins = _common_beginning(group)
            ways = (
                {name: metrics.elidedText(name, LEFT, width) for name in group},
                {name: metrics.elidedText(name, RIGHT, width) for name in group},
                {n: metrics.elidedText(ELLIPSIS + n[begins:], RIGHT, width) for n in group},
            )
            others = {text for name, text in shown.items() if name not in group}
            told = [len({*way.values()} - others) for way in ways]
            if max(told) > 1:
                shown |= ways[told.index(max(told))]
    return [shown[name] for name in names]


def _common_beginning(names: Sequence[str]) -> int:
    """Number of letters that all names begin with."""
    for number, letters in enumerate(zip(*names, strict=False)):
        if len(set(letters)) > 1:
            return number
    return min(map(len, names))


def _alike(shown: Mapping[str, str]) -> Iterable[list[str]]:
    """The names that look like others as they are shown, together."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, text in shown.items():
        groups[text].append(name)
    return [group for group in groups.values() if len(group) > 1]


class CutDelegate(QStyledItemDelegate):
    """Draws the names of a column cut where they stay different, in the room that they have."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._shown: dict[tuple[str, int], dict[str, str]] = {}  # by font and room
        self._whole = False

    def set_names(self, names: list[str]) -> None:
        """Take all names of the column."""
        self._names, self._shown = names, {}

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Take the cut name for the whole one."""
        super().initStyleOption(option, index)
        if self._whole or not option.text:
            return
        style = option.widget.style()
        text = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, option.widget)
        margin = style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, option, option.widget)
        width = text.width() - 2 * (margin + 1)
        known = option.font.toString(), width
        if known not in self._shown:
            short = fitted(self._names, option.fontMetrics, width)
            self._shown[known] = dict(zip(self._names, short, strict=True))
        option.text = self._shown[known].get(option.text, option.text)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """The room that the whole name would take."""
        self._whole = True
        size = super().sizeHint(option, index)
        self._whole = False
        return size


def cut_apart(view: QAbstractItemView, column: int = 0) -> None:
    """Let the names in a column of a list be cut where they stay different; again for others."""
    cells = view.itemDelegateForColumn(column)
    if not isinstance(cells, CutDelegate):
        cells = CutDelegate(view)
        view.setItemDelegateForColumn(column, cells)
    model = view.model()
    rows = range(min(model.rowCount(), MOST))
    cells.set_names([str(model.index(row, column).data() or "") for row in rows])


class ElidedDelegate(QStyledItemDelegate):
    """Draws lines cut in their middle, in place of a list that is rolled sideways.

    The tip of a line that is cut has the whole of it.
    """

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """No more width than there is."""
        return QSize(0, super().sizeHint(option, index).height())

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        """Show the whole line, unless it has a tip of its own."""
        if event.type() != QEvent.Type.ToolTip or index.data(Qt.ItemDataRole.ToolTipRole):
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), str(index.data() or ""), view)
        return True


def elide(view: QListView) -> None:
    """Cut the lines of a list in their middle where it is narrow."""
    view.setTextElideMode(MIDDLE)
    view.setItemDelegate(ElidedDelegate(view))

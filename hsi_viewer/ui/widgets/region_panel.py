"""RegionPanel: labelled pixels by class and by region, with a jump to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.geometry.connected_regions import Region
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.text import counted
from hsi_viewer.ui.widgets.name_room import NameRoom
from hsi_viewer.ui.wrapped_label import WrappedLabel

MOST_ROWS = 500  # regions of a class that are listed
REGION_ROLE = Qt.ItemDataRole.UserRole


class RegionPanel(QWidget):
    """A tree: classes, and in each its regions, the largest first.

    Signals
    -------
    shown() : the panel came into view, so what it shows may be out of date.
    region_chosen(Region) : go there.
    """

    shown = Signal()
    region_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Labelled regions")
        self.tree.setHeaderLabels(["Class", "Pixels", "Row, column"])
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._room = NameRoom(self.tree, (1,), (2,))
        self.tree.itemClicked.connect(self._on_item)
        self.tree.itemActivated.connect(self._on_item)
        self.summary = WrappedLabel()
        self.summary.setObjectName("muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.summary)
        self.show_regions((), {}, ())

    def show_regions(
        self,
        classes: Sequence[LabelClass],
        counts: Mapping[int, int],
        regions: Sequence[Region],
        totals: Mapping[int, int] | None = None,
    ) -> None:
        """Show all regions; classes that were open stay open.

        Parameters
        ----------
        counts : labelled pixels by class id.
        regions : of all classes, in the order in which they are listed.
        totals : regions by class id, where more exist than are given.
        """
        open_before = {
            item.data(0, Qt.ItemDataRole.UserRole + 1)
            for item in map(self.tree.topLevelItem, range(self.tree.topLevelItemCount()))
            if item is not None and item.isExpanded()
        }
        self.tree.clear()
        every = 0
        for c in classes:
            own = [r for r in regions if r.class_id == c.id]
            number = len(own) if totals is None else totals.get(c.id, 0)
            every += number
            top = QTreeWidgetItem([c.name, f"{counts.get(c.id, 0):,}", counted(number, "region")])
            top.setData(0, Qt.ItemDataRole.UserRole + 1, c.id)
            top.setIcon(0, QIcon(swatch(c)))
            top.setToolTip(0, f"{c.name}: {counted(number, 'region')}")
            top.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
            for n, region in enumerate(own[:MOST_ROWS], start=1):
                corner = f"{region.box[0] + 1}, {region.box[1] + 1}"
                row = QTreeWidgetItem([f"Region {n}", f"{region.pixels:,}", corner])
                row.setData(0, REGION_ROLE, region)
                row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
                row.setToolTip(0, f"From row, column {corner}; click to go there")
                top.addChild(row)
            if number > MOST_ROWS:
                top.addChild(QTreeWidgetItem([f"and {number - MOST_ROWS:,} smaller ones"]))
            self.tree.addTopLevelItem(top)
            top.setExpanded(c.id in open_before)
        self._room.share()
        total = sum(counts.values())
        self.summary.setText(
            f"{total:,} labelled pixels in {counted(every, 'region')}. Click one to go there."
            if total
            else "No pixels are labelled yet."
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Announce that the panel is visible."""
        super().showEvent(event)
        self.shown.emit()

    @Slot(QTreeWidgetItem, int)
    def _on_item(self, item: QTreeWidgetItem, _column: int) -> None:
        region = item.data(0, REGION_ROLE)
        if isinstance(region, Region):
            self.region_chosen.emit(region)


def swatch(c: LabelClass) -> QPixmap:
    """A square in the colour of a class."""
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(*c.colour))
    return pixmap

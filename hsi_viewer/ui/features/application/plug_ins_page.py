"""PlugInsPage: the list of installed plug-ins in the preferences."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPlainTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.entry_points import PlugIn
from hsi_viewer.ui.plug_ins import PlugIns
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.wrapped_label import WrappedLabel

HEADERS = ("Name", "State", "Adds", "Package", "Version")
STATE = HEADERS.index("State")
NONE_TEXT = (
    "No plug-ins are installed. Python packages can add formats, classifiers and panels; "
    "docs/plugins.md in the source explains how."
)


class PlugInsPage(QWidget):
    """Shows what is installed; below the list, what is wrong with the chosen one."""

    def __init__(self, plug_ins: PlugIns) -> None:
        super().__init__()
        self._plug_ins = plug_ins
        self.empty = WrappedLabel(NONE_TEXT)
        self.empty.setObjectName("muted")
        self.list = QTreeWidget()
        self.list.setAccessibleName("Installed plug-ins")
        self.list.setHeaderLabels(HEADERS)
        self.list.setRootIsDecorated(False)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.problem = QPlainTextEdit()
        self.problem.setReadOnly(True)
        self.problem.setAccessibleName("What is wrong with the plug-in")
        self.problem.setTabChangesFocus(True)
        self.problem.setMaximumHeight(5 * self.fontMetrics().height())
        layout = QVBoxLayout(self)
        layout.addWidget(self.empty)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.problem)
        layout.addStretch(0)
        self.list.currentItemChanged.connect(self._show_problem)
        plug_ins.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what is known by now; what needs attention is chosen first."""
        listed = self._plug_ins.listed
        self.list.clear()
        items = [self._item(plug_in) for plug_in in listed]
        self.list.addTopLevelItems(items)
        for widget in (self.list, self.problem):
            widget.setVisible(bool(listed))
        self.empty.setVisible(not listed)
        if items:
            failed = (i for i, plug_in in zip(items, listed, strict=True) if plug_in.problem)
            self.list.setCurrentItem(next(failed, items[0]))

    def _item(self, plug_in: PlugIn) -> QTreeWidgetItem:
        state = "Not used" if plug_in.problem else "Loaded"
        item = QTreeWidgetItem(
            [plug_in.name, state, plug_in.kind, plug_in.package, plug_in.version]
        )
        item.setIcon(STATE, icon("alert-outline" if plug_in.problem else "check-circle-outline"))
        item.setToolTip(STATE, plug_in.problem)
        item.setData(0, Qt.ItemDataRole.UserRole, plug_in.problem)
        return item

    @Slot()
    def _show_problem(self) -> None:
        item = self.list.currentItem()
        problem = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else ""
        self.problem.setPlainText(problem or "This plug-in was loaded.")

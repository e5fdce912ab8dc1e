"""ArrangementDialog: saves the panels as they are under a name, and removes names."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.cut_names import elide
from hsi_viewer.ui.dialogs import accept_button, accept_or_cancel, muted
from hsi_viewer.ui.widgets.allowed import allow

MAX_NAME = 40  # letters


class ArrangementDialog(QDialog):
    """Asks for the name of an arrangement.

    Signals
    -------
    remove_requested(name).

    Parameters
    ----------
    names : of the arrangements that are saved already.
    """

    remove_requested = Signal(str)

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save the arrangement")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._name = QLineEdit()
        self._name.setMaxLength(MAX_NAME)
        self._name.setAccessibleName("Name of the arrangement")
        self._name.setPlaceholderText("Name")
        self._name.textChanged.connect(self._on_text)
        self.list = QListWidget()
        self.list.setAccessibleName("Saved arrangements")
        elide(self.list)
        self.list.addItems(list(names))
        self.list.currentTextChanged.connect(self._name.setText)
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Remove the selected arrangement from the menu")
        self.remove.clicked.connect(self._on_remove)
        self.buttons: QDialogButtonBox = accept_or_cancel(self, "Save")
        row = QHBoxLayout()
        row.addWidget(self.list, 1)
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.addWidget(
            muted("The open panels, their places and sizes, and the number of views are saved.")
        )
        layout.addWidget(self._name)
        layout.addLayout(row)
        layout.addWidget(self.buttons)
        self._on_text()

    @property
    def name(self) -> str:
        """What was typed."""
        return self._name.text().strip()

    @Slot()
    def _on_text(self) -> None:
        known = [self.list.item(n).text() for n in range(self.list.count())]
        allow(accept_button(self.buttons), "" if self.name else "Type a name first")
        accept_button(self.buttons).setText("Replace" if self.name in known else "Save")
        chosen = bool(self.list.selectedItems())
        allow(self.remove, "" if chosen else "Choose an arrangement in the list")

    @Slot()
    def _on_remove(self) -> None:
        chosen: list[QListWidgetItem] = self.list.selectedItems()
        for item in chosen:
            self.remove_requested.emit(item.text())
            self.list.takeItem(self.list.row(item))
        self._name.clear()

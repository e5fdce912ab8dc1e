"""DerivedPanel: images made of the scene — components, indices, and formulas of bands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.formula import FUNCTIONS, parse_formula
from hsi_viewer.core.derived.indices import INDICES, disabled_reason
from hsi_viewer.core.errors import FormulaError
from hsi_viewer.ui.theme import current_theme
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.wrapped_label import WrappedLabel

HINT = "b12 is band 12, r650 the band at 650 nm"


class DerivedPanel(QWidget):
    """Asks for derived images.

    Signals
    -------
    components_requested(kind) : "pca" or "mnf".
    index_requested(name), formula_requested(text).
    """

    components_requested = Signal(str)
    index_requested = Signal(str)
    formula_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cube: HyperCube | None = None
        self.pca = QPushButton("PCA")
        self.pca.setToolTip("Principal components: the directions of greatest variance")
        self.pca.setAccessibleName("Principal components")
        self.pca.clicked.connect(self._on_pca)
        self.mnf = QPushButton("MNF")
        self.mnf.setToolTip("Minimum noise fraction: components ordered by signal to noise")
        self.mnf.setAccessibleName("Minimum noise fraction")
        self.mnf.clicked.connect(self._on_mnf)
        self.indices = QListWidget()
        self.indices.setAccessibleName("Indices")
        self.indices.setMinimumSize(80, 90)
        self.indices.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.indices.setToolTip("Double-click or press Enter to show an index")
        self.indices.itemActivated.connect(self._on_index)
        self.formula = QLineEdit()
        self.formula.setAccessibleName("Band formula")
        self.formula.setPlaceholderText("(r860 - r650) / (r860 + r650)")
        self.formula.setClearButtonEnabled(True)
        self.formula.setToolTip(f"{HINT}; functions: {', '.join(FUNCTIONS)}")
        self.formula.textChanged.connect(self._on_text)
        self.formula.returnPressed.connect(self._on_formula)
        self.show_formula = QPushButton("Show")
        self.show_formula.setAccessibleName("Show the formula")
        self.show_formula.clicked.connect(self._on_formula)
        self.message = WrappedLabel(HINT)
        self._lay_out()
        self._on_text()

    def _lay_out(self) -> None:
        components = QHBoxLayout()
        components.addWidget(self.pca)
        components.addWidget(self.mnf)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.formula, 1)
        row.addWidget(self.show_formula)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(5)
        layout.addWidget(QLabel("Formula"))
        layout.addLayout(row)
        layout.addWidget(self.message)
        layout.addWidget(QLabel("Components"))
        layout.addLayout(components)
        layout.addWidget(QLabel("Indices and ratios"))
        layout.addWidget(self.indices, 1)

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        self._on_text()

    def show_cube(self, cube: HyperCube | None) -> None:
        """List what a scene gives; what it doesn't is grey, with the reason."""
        self._cube = cube
        self.indices.clear()
        several = cube is not None and cube.bands > 1
        for button in (self.pca, self.mnf):
            allow(button, "" if several else "A scene of one band has no components")
        for index in INDICES:
            item = QListWidgetItem(index.name)
            item.setData(Qt.ItemDataRole.UserRole, index.name)
            reason = "Open a scene first." if cube is None else disabled_reason(index, cube)
            item.setToolTip(
                f"{index.title}\n{index.formula}\n{index.source}" if reason is None else reason
            )
            if reason is not None:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.indices.addItem(item)
        self._on_text()

    @Slot()
    def _on_pca(self) -> None:
        self.components_requested.emit("pca")

    @Slot()
    def _on_mnf(self) -> None:
        self.components_requested.emit("mnf")

    @Slot(QListWidgetItem)
    def _on_index(self, item: QListWidgetItem) -> None:
        self.index_requested.emit(item.data(Qt.ItemDataRole.UserRole))

    @Slot()
    def _on_text(self) -> None:
        """Check what is typed, as it is typed."""
        problem = self._problem()
        typed = bool(self.formula.text().strip())
        self.message.setText(problem if typed and problem else HINT)
        theme = current_theme()
        self.message.setStyleSheet(f"color: {theme['red' if typed and problem else 'muted']};")
        allow(self.show_formula, (problem or "") if typed else "Type a formula first")

    def _problem(self) -> str | None:
        if self._cube is None:
            return "Open a scene first."
        try:
            parse_formula(self.formula.text()).bands_in(self._cube)
        except FormulaError as error:
            return str(error)
        return None

    @Slot()
    def _on_formula(self) -> None:
        if self._problem() is None:
            self.formula_requested.emit(self.formula.text().strip())

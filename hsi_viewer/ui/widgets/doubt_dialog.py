"""DoubtDialog: layers of uncertainty, and which doubtful pixels are left unclassified."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

ANY = "any confidence"


class DoubtDialog(QDialog):
    """Asks for a layer, and for the least confidence that a pixel of the map needs.

    It stays beside the image while the map is looked at.

    Signals
    -------
    layer_requested(key) : compute and show a layer.
    changed() : another rule is wanted.
    apply_requested() : the map with this rule.
    visibility_changed() : it was opened or closed.

    Parameters
    ----------
    kinds : key, title and meaning of each layer.
    """

    layer_requested = Signal(str)
    changed = Signal()
    apply_requested = Signal()
    visibility_changed = Signal()

    def __init__(
        self, kinds: Sequence[tuple[str, str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Uncertainty")
        self._abouts = {key: about for key, _, about in kinds}
        self.layer = ChoiceBox()
        self.layer.setAccessibleName("Layer of uncertainty")
        for key, title, _ in kinds:
            self.layer.addItem(title, key)
        self.layer.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.layer.currentIndexChanged.connect(self._on_layer)
        self.show_button = QPushButton("Show")
        self.show_button.clicked.connect(self._on_show)
        self.about = _wrapped()
        self.confidence = QSlider(Qt.Orientation.Horizontal)
        self.confidence.setRange(0, 99)
        self.confidence.setAccessibleName("Least confidence of a pixel, in percent")
        self.confidence.setToolTip("Pixels of the map below this confidence get no class")
        self.confidence.valueChanged.connect(self._on_slider)
        self.percent = QLabel(ANY)
        self.applicable = QCheckBox("Outside the area of applicability")
        self.applicable.setToolTip(
            "Pixels that are like nothing the model was trained on get no class"
        )
        self.applicable.toggled.connect(self.changed)
        self.summary = _wrapped()
        self.apply_button = QPushButton("Apply")
        self.apply_button.setObjectName("primary")
        self.apply_button.clicked.connect(self.apply_requested)
        for button in (self.show_button, self.apply_button):
            button.setAutoDefault(False)
        self._lay_out()
        self._on_layer()
        self.show_summary("", ready=False)

    def _lay_out(self) -> None:
        chosen, slider = QHBoxLayout(), QHBoxLayout()
        chosen.addWidget(self.layer, 1)
        chosen.addWidget(self.show_button)
        slider.addWidget(self.confidence, 1)
        slider.addWidget(self.percent)
        self.percent.setMinimumWidth(self.fontMetrics().horizontalAdvance(ANY))
        box = QGroupBox("Leave unclassified")
        inner = QVBoxLayout(box)
        inner.addWidget(QLabel("Confidence below"))
        inner.addLayout(slider)
        inner.addWidget(self.applicable)
        inner.addWidget(self.summary)
        inner.addWidget(self.apply_button)
        layout = QVBoxLayout(self)
        layout.addLayout(chosen)
        layout.addWidget(self.about)
        layout.addWidget(box)
        layout.addStretch(1)
        self.resize(self.sizeHint().expandedTo(self.minimumSizeHint()))

    @property
    def least(self) -> float:
        """Least confidence that a pixel needs, 0..1."""
        return self.confidence.value() / 100

    def show_rule(self, least: float, *, applicable: bool) -> None:
        """Show a rule without announcing it."""
        with QSignalBlocker(self.confidence), QSignalBlocker(self.applicable):
            self.confidence.setValue(round(100 * least))
            self.applicable.setChecked(applicable)
        self._name_value()

    def show_summary(self, text: str, *, ready: bool) -> None:
        """Show what the rule comes to; `ready` where it can be applied."""
        self.summary.setText(text)
        allow(self.apply_button, "" if ready else "Choose what is left unclassified first")

    @Slot()
    def _on_layer(self) -> None:
        self.about.setText(self._abouts.get(self.layer.currentData(), ""))

    @Slot()
    def _on_show(self) -> None:
        self.layer_requested.emit(self.layer.currentData())

    @Slot(int)
    def _on_slider(self, _value: int) -> None:
        self._name_value()
        self.changed.emit()

    def _name_value(self) -> None:
        value = self.confidence.value()
        self.percent.setText(f"{value} %" if value else ANY)

    def showEvent(self, event: QShowEvent) -> None:
        """Announce it."""
        super().showEvent(event)
        self.visibility_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Announce it."""
        super().hideEvent(event)
        self.visibility_changed.emit()


def _wrapped() -> QLabel:
    label = WrappedLabel()
    label.setObjectName("muted")
    label.setMinimumHeight(2 * label.fontMetrics().lineSpacing())  # else its wrapped text is cut
    return label

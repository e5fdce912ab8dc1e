"""TrainingPanel: settings, Train, and the curves of the running training."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.classifier import Classifier
from hsi_viewer.core.text import counted
from hsi_viewer.core.training import DistillationMode, EpochReport, TrainingConfig, VoiceChoice
from hsi_viewer.ui.plots.axes import WholeAxis, keep_high, plain_axes, refresh_axes
from hsi_viewer.ui.plots.curve_key import CurveKey
from hsi_viewer.ui.theme import current_theme, icon
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

CHECK = "Check labels for errors"
PRESETS = (("Fast", "fast"), ("Best", "best"))
DISTILLATION: tuple[tuple[str, DistillationMode | None], ...] = (
    ("Default", None),
    ("Off (deep supervision)", "none"),
    ("Deep to shallow exits", "deep_to_shallow"),
    ("Shallow to deep exits", "shallow_to_deep"),
    ("Mutual", "mutual"),
    ("Towards the mean of the exits", "ensemble"),
    ("Previous epochs", "previous_epochs"),
    ("Rounds on the refined map", "refined_rounds"),
)
VOICES: tuple[tuple[str, VoiceChoice], ...] = (
    ("Weighed by evidence", "auto"),
    ("Single pixels only", "pixels"),
    ("Surroundings and network", "surroundings"),
    ("Network only", "network"),
)
PLOT_HEIGHT = 84  # pixels at least, at text of 100 %


class TrainingPanel(QWidget):
    """Asks for training and shows how it goes.

    Signals
    -------
    train_requested(TrainingConfig), cancel_requested(), live_changed(bool),
    classifier_changed(str) : name of the one that the user chose.
    check_requested() : look at the labels that seem wrong.

    Parameters
    ----------
    classifiers : to choose from; the first is in the box.
    """

    train_requested = Signal(object)
    cancel_requested = Signal()
    live_changed = Signal(bool)
    classifier_changed = Signal(str)
    check_requested = Signal()
    clear_region_requested = Signal()

    def __init__(self, classifiers: Sequence[Classifier], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classifiers = {row.name: row for row in classifiers}
        self.classifier_box = ChoiceBox()
        self.classifier_box.setAccessibleName("Classifier")
        for row in classifiers:
            self.classifier_box.addItem(row.title, row.name)
        self.classifier_box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.classifier_box.setToolTip("What learns from the labelled pixels")
        self.preset = ChoiceBox()
        self.preset.setAccessibleName("Training preset")
        for text, value in PRESETS:
            self.preset.addItem(text, value)
        self.preset.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.preset.setToolTip("Fast: a map in seconds. Best: longer training.")
        self.distillation = ChoiceBox()
        self.distillation.setAccessibleName("Self-distillation")
        for text, mode in DISTILLATION:
            self.distillation.addItem(text, mode)
        self.distillation.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.distillation.setToolTip("How the network's exits teach each other")
        self.voices = ChoiceBox()
        self.voices.setAccessibleName("Voices")
        for text, choice in VOICES:
            self.voices.addItem(text, choice)
        self.voices.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.voices.setToolTip(
            "Which classifiers make the map; by evidence: those that cross-validation on your "
            "labels bears out"
        )
        self.seed = QSpinBox()
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setMaximumWidth(110)
        self.seed.setMinimumWidth(10 * self.seed.fontMetrics().averageCharWidth())
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed gives the same map")
        self.refine = QCheckBox("Refine the map")
        self.refine.setChecked(True)
        self.refine.setToolTip("Random walker on the image graph, seeded by the labels")
        self.more = QToolButton()
        self.more.setObjectName("disclosure")
        self.more.setText("More settings")
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setToolTip("Voices, distillation, seed, and refining of the map")
        self.more.toggled.connect(self._on_more)
        form = self._form = QFormLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Classifier", self.classifier_box)
        form.addRow("Preset", self.preset)
        form.addRow(self.more)
        form.addRow("Voices", self.voices)
        form.addRow("Distillation", self.distillation)
        last = QHBoxLayout()
        last.addWidget(self.seed)
        last.addWidget(self.refine)
        form.addRow("Seed", last)
        rows = (
            ("preset", self.preset, self.preset),
            ("voices", self.voices, self.voices),
            ("distillation", self.distillation, self.distillation),
            ("seed", self.seed, last),
            ("refine", self.refine, None),
        )
        self._settings = {
            name: (widget, widget.toolTip(), form.labelForField(row) if row is not None else None)
            for name, widget, row in rows
        }
        self._more_rows = (self.voices, self.distillation, last)
        self.unused = WrappedLabel()
        self.unused.setObjectName("muted")

        self.train_button = QPushButton("Train")
        self.train_button.setObjectName("primary")
        self.train_button.clicked.connect(self._on_train)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.cancel_button.hide()
        self.live = QCheckBox("Live")
        self.live.setToolTip(
            "Continue training after each stroke, from where the last training ended (L)"
        )
        self.live.toggled.connect(self.live_changed)
        buttons = QHBoxLayout()
        buttons.addWidget(self.train_button, 1)
        buttons.addWidget(self.live)
        buttons.addWidget(self.cancel_button)
        self.region = WrappedLabel()
        self.clear_region = QPushButton("Use whole scene")
        self.clear_region.setToolTip("Clear the region of interest and the chosen bands")
        self.clear_region.clicked.connect(self.clear_region_requested)
        region = QHBoxLayout()
        region.addWidget(self.region, 1)
        region.addWidget(self.clear_region)
        self.show_region("")
        self.reason = WrappedLabel()
        self.reason.setObjectName("muted")
        self.status = WrappedLabel()
        self.suspects = QPushButton(CHECK)
        self.suspects.setFlat(True)
        self.suspects.clicked.connect(self.check_requested)
        self.suspects.setMinimumWidth(1)  # its text must not roll the panel sideways
        self.suspects.hide()
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Training progress")
        self.progress.hide()

        self.plot = pg.PlotWidget(axisItems=plain_axes(WholeAxis("bottom")), enableMenu=False)
        self.plot.hide()
        self.plot.setAccessibleName("Loss and accuracy of the training pixels by epoch")
        item = self.plot.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.setLabel("bottom", "Epoch")
        self._loss = item.plot(name="Loss (relative to the first)")
        self._accuracy = item.plot(name="Training accuracy, last exit")
        item.setYRange(0, 1.06, padding=0)
        item.getAxis("left").setTicks([[(0.0, "0"), (0.5, "0.5"), (1.0, "1")]])
        self._reports: list[EpochReport] = []
        self.key = CurveKey(self.plot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(form)
        layout.addWidget(self.unused)
        layout.addLayout(region)
        layout.addLayout(buttons)
        layout.addWidget(self.reason)
        layout.addWidget(self.progress)
        layout.addWidget(self.status)
        layout.addWidget(self.suspects)
        layout.addWidget(self.key)
        layout.addWidget(self.plot, 1)
        layout.addStretch(0)
        self.refresh_theme()
        self.show_reason(None)
        self._on_more(False)
        self._show_settings()
        self.classifier_box.currentIndexChanged.connect(self._on_classifier)

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        self.plot.setBackground(theme["plot"])
        keep_high(self.plot, PLOT_HEIGHT)
        item = self.plot.getPlotItem()
        refresh_axes(item)
        self._loss.setPen(pg.mkPen(theme["red"], width=2))
        self._accuracy.setPen(pg.mkPen(theme["accent"], width=2))
        self.key.refresh_theme()
        self.train_button.setIcon(icon("play", "accent_text"))

    @property
    def classifier(self) -> Classifier:
        """The one that is chosen."""
        return self._classifiers[self.classifier_box.currentData()]

    def choose_classifier(self, name: str) -> None:
        """Choose one by its name; an unknown name changes nothing."""
        if name in self._classifiers:
            self.classifier_box.setCurrentIndex(self.classifier_box.findData(name))

    def config(self) -> TrainingConfig:
        """The current settings."""
        return TrainingConfig(
            preset=self.preset.currentData(),
            distillation=self.distillation.currentData(),
            seed=self.seed.value(),
            refine=self.refine.isChecked(),
            voices=self.voices.currentData(),
        )

    def show_reason(self, reason: str | None) -> None:
        """Show why training cannot start; None enables the button."""
        self.train_button.setEnabled(reason is None and self.cancel_button.isHidden())
        self.reason.setText(reason or "")
        self.reason.setVisible(bool(reason))
        self.train_button.setToolTip(reason or "Train on the labelled pixels (Ctrl+T)")

    def show_region(self, used: str) -> None:
        """Say what of the scene is trained on and mapped; "" for all of it."""
        self.region.setText(f"Region of interest: {used}")
        self.region.setVisible(bool(used))
        self.clear_region.setVisible(bool(used))

    def show_running(self, running: bool) -> None:
        """Switch between the settings and a running training."""
        self.cancel_button.setVisible(running)
        self.progress.setVisible(running)
        self.train_button.setEnabled(not running)
        self.classifier_box.setEnabled(not running)
        self._show_settings(running)
        if running:
            self._reports = []
            self._draw()
            self.progress.setRange(0, 0)

    def _show_settings(self, running: bool = False) -> None:
        """Grey the settings that the classifier doesn't have, and say so."""
        chosen = self.classifier
        for name, (widget, tip, label) in self._settings.items():
            has = name in chosen.settings
            widget.setEnabled(has and not running)
            widget.setToolTip(tip if has else f"{chosen.title} has no such setting")
            if label is not None:
                label.setEnabled(has)
        unused = [name for name in self._settings if name not in chosen.settings]
        self.unused.setText(f"{chosen.title} doesn't use: {', '.join(unused)}.")
        self.unused.setVisible(bool(unused))

    @Slot(bool)
    def _on_more(self, shown: bool) -> None:
        """Show the settings that few people change, or leave their room to the curves."""
        for row in self._more_rows:
            self._form.setRowVisible(row, shown)
        self.more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)

    @Slot()
    def _on_classifier(self) -> None:
        self._show_settings()
        self.classifier_changed.emit(self.classifier.name)

    def show_progress(self, message: str, fraction: float | None) -> None:
        """Show what is being done; fraction 0..1 or None."""
        self.show_message(message)
        if fraction is None:
            self.progress.setRange(0, 0)
        else:
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * fraction))

    def show_epoch(self, report: EpochReport) -> None:
        """Add an epoch to the curves."""
        self._reports.append(report)
        exits = " / ".join(f"{100 * a:.0f}" for a in report.exit_accuracy)
        self.show_progress(
            f"Epoch {report.epoch} of {report.epochs} · loss {report.loss:.3f} · "
            f"accuracy of the exits {exits} %",
            report.epoch / report.epochs,
        )
        self._draw()

    def show_message(self, text: str, details: str = "") -> None:
        """Show how the training ended; the details are the tooltip."""
        self.status.setText(text)
        self.status.setToolTip(details)

    def show_suspects(self, count: int) -> None:
        """Offer a check where labels that were held out look like another class.

        Most of those are right in a scene that is hard to classify: the check judges all again.
        """
        self.suspects.setText(f"{CHECK} ({count:,})")
        self.suspects.setToolTip(
            f"{counted(count, 'label', 'looks', 'look')} like another class to models that were "
            "trained without them. The check asks more models, and lists those to look at."
        )
        self.suspects.setVisible(count > 0)

    def clear_curves(self) -> None:
        """Remove the curves: they are of another scene."""
        self._reports = []
        self._draw()

    def epochs_shown(self) -> int:
        """Number of epochs in the curves."""
        return len(self._reports)

    def _draw(self) -> None:
        epochs = [r.epoch for r in self._reports]
        first = self._reports[0].loss if self._reports else 1.0
        self._loss.setData(epochs, [r.loss / (first or 1.0) for r in self._reports])
        self._accuracy.setData(epochs, [r.exit_accuracy[-1] for r in self._reports])
        self.plot.setVisible(bool(self._reports))
        if epochs:  # by itself the axis begins below the first epoch while there are few
            last = max(self._reports[-1].epochs, epochs[-1], epochs[0] + 1)
            self.plot.getPlotItem().setXRange(epochs[0], last, padding=0.03)

    @Slot()
    def _on_train(self) -> None:
        self.train_requested.emit(self.config())

"""AccuracyPanel: how good the map is, by the labels themselves and by test pixels."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.confusion_table import accuracy_table
from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.core.text import counted
from hsi_viewer.ui.cut_names import cut_apart
from hsi_viewer.ui.widgets.confusion_dialog import ConfusionDialog
from hsi_viewer.ui.widgets.copy_table import CopyTable
from hsi_viewer.ui.widgets.reliability_dialog import ReliabilityDialog
from hsi_viewer.ui.widgets.sample_figures import SampleFigures
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

TITLES = {
    "labels": "On separate places, by cross-validation of your labels",
    "test pixels": "On test pixels apart from the training pixels",
}
BESIDE = {
    "labels": "random folds of the labels",
    "test pixels": "all test pixels",
}
AUDITED = {"labels": "Held-out labels", "test pixels": "Test pixels"}
LEAST_ROWS = 4  # classes that are seen however long the texts are
NOT_MEASURED = "No honest figure yet"


class AccuracyPanel(QWidget):
    """The honest figure large, the other one small, why they differ, and each class.

    Signals
    -------
    stop_requested() : cross-validation is not wanted.
    save_requested(TextTable) : a table should be saved as CSV.
    """

    stop_requested = Signal()
    save_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Assessment | None = None
        self._report: AccuracyReport | None = None
        self._name_of: Callable[[int], str] = str
        self._listed: tuple[AccuracyReport, list[str]] | None = None
        self.sample = SampleFigures()
        self.sample.save_requested.connect(self.save_requested)
        self.title = WrappedLabel()
        self.overall, self.average, self.kappa = (QLabel() for _ in range(3))
        self.interval, self.state, self.optimistic = _muted(), _muted(), _muted()
        self.sentence, self.audit, self.warnings = _muted(), _muted(), _muted()
        self.sentence.setObjectName("")
        self.figures = QWidget()
        grid = QGridLayout(self.figures)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(12)
        for column, (title, label) in enumerate(
            (("Overall", self.overall), ("Average", self.average), ("Kappa", self.kappa))
        ):
            heading = QLabel(title)
            heading.setObjectName("muted")
            label.setObjectName("figure")
            label.setAccessibleName(f"{title} accuracy" if column < 2 else "Cohen's kappa")
            grid.addWidget(heading, 0, column)
            grid.addWidget(label, 1, column)
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip("Stop cross-validating the labels")
        self.stop_button.clicked.connect(self.stop_requested)
        self.classes = CopyTable("Accuracy by class", self._copied)
        self.classes.setObjectName("tight")  # the names need the room
        self.classes.verticalHeader().hide()
        self.matrix_button = QPushButton("Matrix…")
        self.matrix_button.setToolTip("The confusion matrix, in pixels or percent")
        self.matrix_button.clicked.connect(self.open_matrix)
        self.reliability_button = QPushButton("Reliability…")
        self.reliability_button.setToolTip("Whether the confidence means what it says")
        self.reliability_button.clicked.connect(self.open_reliability)
        self.save_button = QPushButton("Save…")
        self.save_button.setToolTip("Save every figure with its interval as CSV")
        self.save_button.clicked.connect(self._on_save)
        doing, row = QHBoxLayout(), QHBoxLayout()
        doing.addWidget(self.state, 1)
        doing.addWidget(self.stop_button)
        for button in (self.matrix_button, self.reliability_button, self.save_button):
            row.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self.sample)
        layout.addWidget(self.title)
        layout.addWidget(self.figures)
        layout.addWidget(self.interval)
        layout.addWidget(self.optimistic)
        layout.addWidget(self.sentence)
        layout.addLayout(doing)
        layout.addWidget(self.classes, 1)
        layout.addLayout(row)
        for label in (self.audit, self.warnings):  # below, or no class is seen on a small screen
            layout.addWidget(label)
        layout.addStretch(0)
        self.show_assessment(None, str)
        self.show_state("", stoppable=False)

    def show_state(self, text: str, *, stoppable: bool) -> None:
        """Show what is under way, or why there is no figure; beside a figure only the former.

        Parameters
        ----------
        stoppable : whether it is a cross-validation, which can be stopped.
        """
        wanted = stoppable or self._report is None
        self.state.setText(text if wanted else "")
        self.state.setVisible(wanted and bool(text))
        self.stop_button.setVisible(stoppable)

    def show_waiting(self) -> None:
        """Grey the figures: they are of an earlier map until those of the new one come."""
        self._grey(True)

    def _grey(self, grey: bool) -> None:
        for widget in (self.title, self.figures, self.interval, self.optimistic, self.classes):
            widget.setEnabled(not grey)
        for label in (self.sentence, self.audit, self.warnings):
            label.setEnabled(not grey)

    def show_assessment(self, found: Assessment | None, name_of: Callable[[int], str]) -> None:
        """Show how good the map is; None for nothing."""
        self._grey(False)
        honest = found.separated if found is not None else None
        random = found.random if found is not None else None
        self._found, self._report, self._name_of = found, honest or random, name_of
        self.classes.setVisible(self._report is not None)
        self.matrix_button.setVisible(self._report is not None)
        self.save_button.setVisible(self._report is not None)
        known = found is not None and found.reliability is not None
        self.reliability_button.setVisible(known)
        for widget in (self.figures, self.interval):
            widget.setVisible(honest is not None)
        texts = {self.title: "", self.optimistic: "", self.sentence: "", self.audit: ""}
        texts[self.warnings] = ""
        if found is not None:
            texts = {
                self.title: TITLES[found.separated_on] if honest is not None else NOT_MEASURED,
                self.optimistic: _second(found),
                self.sentence: found.sentence or "",
                self.audit: _audit(found),
                self.warnings: "\n".join(_unsaid(found)),
            }
        for label, text in texts.items():
            label.setText(text)
            label.setVisible(bool(text))
        if found is not None and honest is not None:
            self._show_honest(found, honest)
        if self._report is not None:
            self._fill_classes(self._report)

    def _show_honest(self, found: Assessment, report: AccuracyReport) -> None:
        self.overall.setText(_percent(report.overall.value))
        self.average.setText(_percent(report.average))
        self.kappa.setText(f"{report.kappa:.3f}")
        what = "labels" if found.separated_on == "labels" else "test pixels"
        places = found.places if report.groups is None else report.groups.count
        self.interval.setText(
            f"Overall accuracy, {_interval(report.overall)}; {report.total:,} {what} in "
            f"{counted(places, 'place')}."
        )
        self.interval.setToolTip(report.basis)

    def _fill_classes(self, report: AccuracyReport) -> None:
        """List the classes, unless they are: each step of a cross-validation asks for it."""
        names = [self._name_of(class_id) for class_id in report.class_ids]
        if self._listed is not None and self._listed[0] is report and self._listed[1] == names:
            return
        self._listed = report, names
        table = self.classes
        headers = ["Class", "Test", "Prod.\n%", "User's\n%", "F1\n%"]
        tips = [
            "",
            "Test pixels of the class",
            "Producer's accuracy (recall): share of true pixels mapped correctly, 95 % interval",
            "User's accuracy (precision): share of mapped pixels that are correct, 95 % interval",
            "Harmonic mean of the two",
        ]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        for column, tip in enumerate(tips):
            header = table.horizontalHeaderItem(column)
            if header:
                header.setToolTip(tip)
        with filled_at_once(table):
            table.setRowCount(len(report.class_ids))
            for row, name in enumerate(names):
                producer, user = report.producers[row], report.users[row]
                cells = [
                    (name, ""),
                    (f"{report.truth_counts[row]:,}", ""),
                    (_percent(producer.value, ""), _interval(producer)),
                    (_percent(user.value, ""), _interval(user)),
                    (_percent(float(report.f1[row]), ""), ""),
                ]
                for column, (text, tip) in enumerate(cells):
                    item = QTableWidgetItem(text)
                    item.setToolTip(tip or text)
                    if column:
                        item.setTextAlignment(
                            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                        )
                    table.setItem(row, column, item)
        header_view = table.horizontalHeader()
        header_view.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header_view.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(headers)):
            header_view.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        rows = min(len(names), LEAST_ROWS) * table.verticalHeader().defaultSectionSize()
        least = header_view.sizeHint().height() + rows + 2 * table.frameWidth()
        table.setMinimumHeight(least)
        cut_apart(table)

    @Slot()
    def open_matrix(self) -> None:
        """Open the confusion matrix in a window of its own."""
        if self._report is not None and self._found is not None:
            title = self.title.text() if self._found.separated else "All test pixels: optimistic"
            dialog = ConfusionDialog(self._report, self._name_of, self.window(), f"{title}.")
            dialog.save_requested.connect(self.save_requested)
            dialog.show()

    @Slot()
    def open_reliability(self) -> None:
        """Open the reliability diagram."""
        if self._found is not None and self._found.reliability is not None:
            answers = AUDITED[self._found.separated_on].lower()
            ReliabilityDialog(self._found.reliability, answers, self.window()).show()

    @Slot()
    def _on_save(self) -> None:
        if self._report is not None:
            self.save_requested.emit(accuracy_table(self._report, self._name_of))

    def _copied(self) -> str:
        return "" if self._report is None else accuracy_table(self._report, self._name_of).tabs()


def _muted() -> QLabel:
    label = WrappedLabel()
    label.setObjectName("muted")
    return label


def _second(found: Assessment) -> str:
    """The small figures, or ""; one is called optimistic only where it is above the large one."""
    texts = []
    report, own = found.random, found.cross_validated
    if report is not None:
        title = "Optimistic" if found.optimistic else found.second_title
        texts.append(
            f"{title}: {_percent(report.overall.value)} overall, average "
            f"{_percent(report.average)}, kappa {report.kappa:.3f} ({BESIDE[found.random_on]})."
        )
    if own is not None:
        texts.append(
            f"Cross-validation of your labels, place by place: {_percent(own.overall.value)} "
            f"({_interval(own.overall)}; {own.total:,} labels)."
        )
    return "\n".join(texts)


def _audit(found: Assessment) -> str:
    """How far what was scored lies from what was trained on."""
    if found.separation is None:
        return ""
    return found.separation.sentence(AUDITED[found.separated_on])


def _unsaid(found: Assessment) -> list[str]:
    """Warnings, but for the audit, which has a line of its own."""
    audit = "" if found.separation is None else str(found.separation)
    return [w for w in found.warnings if w != audit]


def _percent(value: float, unit: str = " %") -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}{unit}"


def _interval(interval: Interval) -> str:
    if math.isnan(interval.value):
        return "no test pixels"
    if math.isnan(interval.low):
        return "too few groups of test pixels for an interval"
    return f"95 % interval {_percent(interval.low)} to {_percent(interval.high)}"

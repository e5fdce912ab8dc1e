"""CheckPanel: labels that may be wrong, one row for those that touch; fix or keep each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.learning.guidance.suspects import AlikePair, Suspect
from hsi_viewer.ui.plots.axes import keep_high
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.questions.key_filter import KeyFilter
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.row_table import RowTable
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

TITLES = ("Labelled", "Looks like", "Pixels")
TIPS = (
    "The class that the labels have",
    "The class that models fitted without them see there",
    "Labels that touch",
)
MOST_ROWS = 500
PLOT_HEIGHT = 84  # pixels at least, at text of 100 %
KEYS = {Qt.Key.Key_F: "fix", Qt.Key.Key_K: "keep", Qt.Key.Key_U: "undo"}


class CheckPanel(QWidget):
    """Shows suspicious labels; it changes nothing itself.

    Signals
    -------
    check_requested() : look at the labels of the chosen source.
    chosen(int) : a row was selected.
    acted(str) : "fix", "keep" or "undo".
    meeting_requested(first, second) : show where two classes meet.
    """

    check_requested = Signal()
    chosen = Signal(int)
    acted = Signal(str)
    meeting_requested = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = ChoiceBox()
        self.source.setAccessibleName("Labels to check")
        self.source.addItem("My labels", "labels")
        self.source.addItem("Ground truth", "truth")
        self.check = QPushButton("Check labels")
        self.check.clicked.connect(self.check_requested)
        self._reason = ""  # why nothing can be checked
        self.state = WrappedLabel()
        self.table = RowTable(
            "Labels that may be wrong, the most suspicious first", TITLES, TIPS, wide=(0, 1)
        )
        self.table.verticalHeader().setDefaultSectionSize(22)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setMinimumHeight(90)
        self.table.currentCellChanged.connect(self._on_row)
        self.table.itemClicked.connect(self._on_clicked)
        self.plot = SpectrumPlot()
        self.plot.setAccessibleName("Spectrum of the label and mean spectra of both classes")
        self.legend = WrappedLabel()
        self.legend.setObjectName("muted")
        self.buttons = {
            "fix": QPushButton("Fix (F)"),
            "keep": QPushButton("Keep (K)"),
            "undo": QPushButton("Undo (U)"),
        }
        tips = {
            "fix": "Give these labels the class that they look like",
            "keep": "The labels are right: never ask about them again",
            "undo": "Undo the last step",
        }
        for name, button in self.buttons.items():
            button.setToolTip(tips[name])
            button.setProperty("action", name)
            button.clicked.connect(self._on_button)
        self.pairs = QGridLayout()
        self._lay_out()
        keys = KeyFilter(KEYS, lambda: True, self)
        keys.pressed.connect(self.acted)
        for watched in (self, self.table):  # the list would search for the letters
            watched.installEventFilter(keys)
        self.refresh_theme()
        self.show_suspects((), str, 0)

    def _lay_out(self) -> None:
        first, actions = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.source, 1)
        first.addWidget(self.check)
        for button in self.buttons.values():
            actions.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addWidget(self.state)
        layout.addWidget(self.table, 2)
        layout.addLayout(actions)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.legend)
        layout.addLayout(self.pairs)

    def refresh_theme(self) -> None:
        """Take the colours and the text size of the theme."""
        keep_high(self.plot, PLOT_HEIGHT)
        self.plot.refresh_theme()
        self.plot.redraw()

    # what is shown ---------------------------------------------------------------------------

    def show_state(self, text: str) -> None:
        """Show what is going on, or what was found."""
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def show_sources(self, reasons: Mapping[str, str | None]) -> None:
        """Enable what there is to check, or say why it can't be."""
        model = self.source.model()
        for row in range(self.source.count()):
            item = model.item(row)  # type: ignore[attr-defined]
            item.setEnabled(reasons[self.source.itemData(row)] is None)
        reason = reasons[self.source.currentData()] or ""
        allow(self.check, reason)
        if reason or self.state.text() == self._reason:
            self.show_state(reason)
        self._reason = reason

    def show_suspects(
        self, suspects: Sequence[Suspect], name_of: Callable[[int], str], current: int
    ) -> None:
        """List suspicious labels, and select a row; at most `MOST_ROWS` are shown."""
        self.table.blockSignals(True)
        with filled_at_once(self.table):
            self.table.setRowCount(min(len(suspects), MOST_ROWS))
            for row, one in enumerate(suspects[:MOST_ROWS]):
                texts = (name_of(one.label), name_of(one.looks_like), f"{one.pixels.size:,}")
                tip = (
                    f"{texts[0]} looks like {texts[1]}: margin {one.margin:.2f}, the probability "
                    "of the label less that of the other class"
                )
                for column, text in enumerate(texts):
                    item = QTableWidgetItem(text)
                    item.setToolTip(tip)
                    self.table.setItem(row, column, item)
        rows = self.table.rowCount()
        self.table.blockSignals(False)
        if rows:
            self.table.setCurrentCell(min(current, rows - 1), 0)
            self._on_row(self.table.currentRow(), 0, -1, 0)
        else:
            self._on_row(-1, 0, -1, 0)

    def show_pairs(self, pairs: Sequence[AlikePair], name_of: Callable[[int], str]) -> None:
        """Say which classes look alike, with a button that shows where they meet."""
        while (item := self.pairs.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for row, pair in enumerate(pairs):
            names = f"{name_of(pair.first)} and {name_of(pair.second)}"
            told = WrappedLabel(
                f"{names} look alike in these labels ({pair.confused} of {pair.labels} look like "
                f"the other class): label {_wanted(pair, name_of)} where they meet, and check "
                "again."
            )
            show = QPushButton("Show")
            show.setAccessibleName(f"Show where {names} meet")
            show.setToolTip("Go to the place that the map finds most like both")
            show.setProperty("pair", (pair.first, pair.second))
            show.clicked.connect(self._on_show)
            self.pairs.addWidget(told, row, 0)
            self.pairs.addWidget(show, row, 1)
            self.pairs.setColumnStretch(0, 1)

    # what is done ----------------------------------------------------------------------------

    @Slot(int, int, int, int)
    def _on_row(self, row: int, _column: int, _old_row: int, _old_column: int) -> None:
        for name in ("fix", "keep"):
            allow(self.buttons[name], "" if row >= 0 else "Choose labels in the list")
        self.chosen.emit(row)

    @Slot(QTableWidgetItem)
    def _on_clicked(self, item: QTableWidgetItem) -> None:
        self.chosen.emit(item.row())  # also of the row that is selected: go there again

    @Slot()
    def _on_button(self) -> None:
        self.acted.emit(self.sender().property("action"))

    @Slot()
    def _on_show(self) -> None:
        first, second = self.sender().property("pair")
        self.meeting_requested.emit(first, second)


def _wanted(pair: AlikePair, name_of: Callable[[int], str]) -> str:
    more = dict(zip((pair.first, pair.second), pair.more, strict=True))
    if all(more.values()):
        return f"{more[pair.first]:,} more of each class"
    (few,) = (number for number, wanted in more.items() if wanted)
    return f"{more[few]:,} more of {name_of(few)}"

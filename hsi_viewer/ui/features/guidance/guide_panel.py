"""GuidePanel: the question of the guide, what an answer covers, and what came of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from hsi_viewer.ui.plots.curve_key import CurveKey
from hsi_viewer.ui.plots.progress_plot import ProgressPlot
from hsi_viewer.ui.questions.question_panel import AnswerButton, Asked, QuestionPanel
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

AREAS = (
    ("segment core", "core", "What lies inside the border of the segment"),
    ("whole segment", "segment", "All pixels around it that look alike"),
    ("only the pixel", "pixel", "The pixel in the middle"),
)
ASKED = Asked(
    place="place",
    spectrum="Spectrum of the place and mean spectra of two classes",
    start="Guide me (H)",
    buttons=(
        AnswerButton("next", "Later", "Space", "Show the next place; this one comes again"),
        AnswerButton("skip", "Skip", "S", "Never ask about this place again"),
        AnswerButton(
            "no_class", "None", "X", "None of the classes is here: kept, and never asked again"
        ),
        AnswerButton("new_class", "New", "N", "Add a class and label this place with it"),
        AnswerButton("take_back", "Undo", "U", "Undo the last answer and ask again"),
        AnswerButton("leave", "Stop", "Esc", "End the guide"),
    ),
    close_up=108,
)


class GuidePanel(QuestionPanel):
    """Shows one place at a time, and what the answers have come to.

    Signals
    -------
    area_changed(str) : what an answer covers.
    """

    area_changed = Signal(str)

    def __init__(self, canvas: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(canvas, ASKED, parent)
        self.legend = WrappedLabel()
        self.legend.setObjectName("muted")
        self.area = ChoiceBox()
        self.area.setAccessibleName("An answer labels")
        self.area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for words, value, tip in AREAS:
            self.area.addItem(words, value)
            self.area.setItemData(self.area.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.area.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.area.setToolTip("The pixels that an answer labels; . labels only the pixel, once")
        self.area.activated.connect(self._on_area)
        self.progress = WrappedLabel()
        self.progress_plot = ProgressPlot()
        self.progress_key = CurveKey(self.progress_plot)
        area = QHBoxLayout()
        area.addWidget(QLabel("Answers label"))
        area.addWidget(self.area, 1)
        layout = self.lay_out(below_answers=[area], below_plot=[self.legend])
        layout.addWidget(self.progress)
        layout.addWidget(self.progress_key)
        layout.addWidget(self.progress_plot, 1)
        layout.addStretch(0)
        self.refresh_theme()
        self.show_active(False)

    def refresh_theme(self) -> None:
        """Take the colours and icons of the theme."""
        super().refresh_theme()
        self.progress_plot.refresh_theme()
        self.progress_key.refresh_theme()
        self.start_button.setIcon(icon("compass-outline", "accent_text"))

    def show_reason(self, reason: str | None) -> None:
        """Show why the guide cannot start; None enables its button."""
        allow(self.start_button, reason or "")

    def show_place(self, there: bool) -> None:
        """Enable what needs a place on the screen."""
        for name, button in self.buttons.items():
            button.setEnabled(there or name in ("leave", "take_back"))
        self.classes.setEnabled(there)
        self.close_up.setVisible(there)

    def choose_area(self, area: str) -> None:
        """Show what an answer covers."""
        self.area.setCurrentIndex(self.area.findData(area))

    @Slot(int)
    def _on_area(self, _index: int) -> None:
        self.area_changed.emit(self.area.currentData())

"""SamplePanel: the reference point that is asked about, and how many have an answer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from hsi_viewer.ui.questions.question_panel import AnswerButton, Asked, QuestionPanel
from hsi_viewer.ui.widgets.allowed import allow

ASKED = Asked(
    place="point",
    spectrum="Spectrum of the point",
    start="Label the points",
    buttons=(
        AnswerButton(
            "skip", "Unsure", "S", "You can't tell the class of this point: kept, and reported"
        ),
        AnswerButton(
            "no_class", "None", "X", "None of the classes is here: the map is wrong at this point"
        ),
        AnswerButton("next", "Later", "Space", "Show the next point; this one comes again"),
        AnswerButton("take_back", "Undo", "U", "Undo the last answer and ask again"),
        AnswerButton("leave", "Stop", "Esc", "Stop labelling; you can continue at any time"),
    ),
    close_up=118,
)


class SamplePanel(QuestionPanel):
    """Shows one point at a time, and what can be done with the sample.

    Signals
    -------
    drawn(), exported() : another sample or a file is wanted.
    """

    drawn = Signal()
    exported = Signal()

    def __init__(self, canvas: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(canvas, ASKED, parent)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Labelled points")
        self.bar.setFormat("%v of %m points")
        self.draw_button = QPushButton("Draw a sample…")
        self.draw_button.clicked.connect(self.drawn)
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("Save the points, to label them elsewhere or to keep them")
        self.export_button.clicked.connect(self.exported)
        row = QHBoxLayout()
        row.addWidget(self.draw_button)
        row.addWidget(self.export_button)
        layout = self.lay_out(above=[self.bar])
        layout.addLayout(row)
        layout.addStretch(0)
        self.refresh_theme()
        self.show_active(False)

    def show_state(self, *, can_draw: bool, done: int, total: int) -> None:
        """Enable what can be done, and show how many points have an answer."""
        none = "" if total else "Draw a sample first"
        allow(self.draw_button, "" if can_draw else "Train first: there is no class map yet.")
        allow(self.export_button, none)
        allow(self.start_button, none or ("" if done < total else "All points are labelled"))
        self.bar.setVisible(total > 0)
        self.bar.setMaximum(max(total, 1))
        self.bar.setValue(done)
        self.buttons["take_back"].setEnabled(done > 0)

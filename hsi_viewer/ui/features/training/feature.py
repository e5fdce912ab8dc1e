"""TrainingFeature: trains in the background, and says how good the map is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Slot

from hsi_viewer.core.viewed import ViewedPart
from hsi_viewer.learning.classifiers import classifiers
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.docking import Panel
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.training.assessing import AssessmentController
from hsi_viewer.ui.features.training.torch_preload import TrainerImport
from hsi_viewer.ui.features.training.train_commands import train_commands
from hsi_viewer.ui.features.training.training import TrainController
from hsi_viewer.ui.scene.scene_view import SceneView
from hsi_viewer.ui.widgets.accuracy_panel import AccuracyPanel
from hsi_viewer.ui.widgets.training_panel import TrainingPanel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


def viewed_part(view: SceneView) -> ViewedPart | None:
    """The pixels of the scene that a view shows, if any."""
    scale, (rows, columns) = view.magnification(), view.shape
    part = QRectF(0, 0, columns, rows).intersected(view.seen()).toAlignedRect()
    if part.isEmpty() or scale <= 0:
        return None
    down = slice(part.top(), part.top() + part.height())
    across = slice(part.left(), part.left() + part.width())
    return ViewedPart(down, across, max(1, int(1 / scale)))


class TrainingFeature(Feature):
    """The panels Training and Accuracy, and the training itself."""

    key = "training"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.panel, self.accuracy = TrainingPanel(classifiers()), AccuracyPanel()
        self.training = TrainController(context.workspace, self.panel, self)
        self.assessing = AssessmentController(context.workspace, self.training, self.accuracy, self)
        self.preload = TrainerImport(context.workspace, self)
        self.training.first_map.connect(self._on_first_map)
        context.canvas.view_changed.connect(self._on_view)
        context.opening.opened.connect(self.preload.start_soon)

    def panels(self) -> list[Panel]:
        """Training, with Accuracy as a tab."""
        return [
            Panel(
                "training",
                "Training",
                lambda: self.panel,
                "right",
                shown=True,
                at_once=True,
                icon="school-outline",
            ),
            Panel(
                "accuracy",
                "Accuracy",
                lambda: self.accuracy,
                "right",
                "training",
                shown=True,
                at_once=True,
                icon="bullseye-arrow",
            ),
        ]

    def commands(self) -> list[Command]:
        """The menu Train."""
        return train_commands(self.workspace, self.training, self.train)

    @Slot()
    def train(self) -> None:
        """Train with the settings of the panel, which shows how far it is."""
        self.show_panel("training")
        self.training.train_with_panel()

    @Slot()
    def _on_first_map(self) -> None:
        self.context.viewing.show_map(True)

    @Slot()
    def _on_view(self) -> None:
        self.training.viewed.tell(viewed_part(self.context.canvas))

    def running(self) -> str | None:
        """A running training keeps the user from leaving without a word."""
        return "Training" if self.training.running else None

    def leave(self, *, discard: bool) -> None:
        """Stop training: the document goes."""
        self.training.cancel()

    def refresh_theme(self) -> None:
        """Draw the panel's icons again."""
        self.panel.refresh_theme()

    def close(self) -> None:
        """Let go of what the import holds."""
        self.preload.close()

"""Commands of the menu Train."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command

if TYPE_CHECKING:
    from hsi_viewer.ui.features.training.training import TrainController
    from hsi_viewer.ui.workspace import Workspace

TRAIN = "&Train"


def train_commands(
    workspace: Workspace, training: TrainController, train: Callable[[], None]
) -> list[Command]:
    """Menu Train; `train` is what the command of that name does."""

    def trainable() -> bool:
        document = workspace.document
        return (
            document is not None
            and not training.running
            and not document.training_disabled_reason()
        )

    def disabled_reason() -> str | None:
        document = workspace.document
        return document.training_disabled_reason() if document else "Open a scene first."

    return [
        Command(
            "train.start",
            "&Train",
            TRAIN,
            train,
            ("Ctrl+T",),
            "play-circle-outline",
            trainable,
            disabled_reason,
            toolbar=True,
            text=True,
        ),
        Command(
            "train.live",
            "&Live: continue training after each stroke",
            TRAIN,
            training.set_live,
            ("L",),
            "flash-outline",
            lambda: workspace.document is not None,
            checked=lambda: training.live,
        ),
        Command(
            "train.cancel",
            "&Cancel training",
            TRAIN,
            training.cancel,
            (),
            "stop-circle-outline",
            lambda: training.running,
            lambda: "No training is running.",
        ),
    ]

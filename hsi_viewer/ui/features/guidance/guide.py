"""GuideFeature: asks where a label helps most, one place after the other, by a few keys."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, Slot

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.guidance.answered_places import Area
from hsi_viewer.ui.features.guidance.guide_loop import GuideLoop
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.questions.answer_keys import Action
from hsi_viewer.ui.questions.key_filter import AnswerKeyFilter
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.guidance.guide_panel import GuidePanel
    from hsi_viewer.ui.features.guidance.guide_view import GuideView
    from hsi_viewer.ui.features.labelling.labelling import LabelController
    from hsi_viewer.ui.features.training.training import TrainController
    from hsi_viewer.ui.widgets.class_panel import ClassPanel


VIEW = "hsi_viewer.ui.features.guidance.guide_view"
AHEAD_MS = 300  # without a stroke, and without work that the user waits for


class GuideFeature(PanelFeature["GuidePanel"]):
    """Binds the loop to canvas, keys and panel.

    Parameters
    ----------
    labelling, classes : the labels, and the list of classes, where a new one is named.
    training : follows the answers while the guide is on.
    """

    key, title, icon, beside = "guide", "Guide", "compass-outline", "training"

    def __init__(
        self,
        context: Context,
        labelling: LabelController,
        classes: ClassPanel,
        training: TrainController,
    ) -> None:
        super().__init__(context)
        self._labelling, self._training = labelling, training
        self.loop = GuideLoop(self.workspace, self)
        self.loop.place_changed.connect(self._on_place)
        self.loop.progressed.connect(self._on_progress)
        self._keys = AnswerKeyFilter(self.workspace, lambda: self.loop.active, self)
        self._keys.chosen.connect(self.label)
        self._keys.pressed.connect(self._on_key)
        self._keys.typed.connect(self._ask)
        self._keys.unknown.connect(self._on_unknown)
        self._only_pixel, self._unknown = False, ""
        self._naming, self._was_live = False, False
        self._tool = labelling.tool
        self._view: GuideView | None = None
        classes.naming_ended.connect(self._on_named)
        context.canvas.installEventFilter(self._keys)
        context.window.installEventFilter(self)
        # After the docks were fitted to the window.
        self._room = RestTimer(0, self._make_room, self)
        # So that the first H doesn't make it: to make and to show it is long for one key.
        self._ahead = RestTimer(AHEAD_MS, self._make_ahead, self)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    # panel and commands ----------------------------------------------------------------------

    def make_panel(self) -> GuidePanel:
        """The panel; its keys are those of the guide."""
        from hsi_viewer.ui.features.guidance.guide_panel import GuidePanel
        from hsi_viewer.ui.features.guidance.guide_view import GuideView

        panel = GuidePanel(self.context.canvas)
        panel.installEventFilter(self._keys)
        panel.started.connect(self.start)
        panel.class_chosen.connect(self.label)
        panel.acted.connect(self._act)
        panel.area_changed.connect(self._on_area)
        self._view = GuideView(self.context, self.loop, panel)
        return panel

    @Slot()
    def refresh(self) -> None:
        """Show the scene, and what is asked about it."""
        self.panel.choose_area(self.workspace.settings.guide_area)
        if self._view is not None:
            self._view.show_scene()
        self._on_state()
        self._on_place()
        self._on_progress()

    def commands(self) -> list[Command]:
        """Labels › Guide."""
        return [
            Command(
                "labels.guide",
                "&Guide: where to label next",
                "&Labels",
                self._switch,
                ("H",),
                "compass-outline",
                lambda: self.loop.active or (self.has_scene() and self._reason() is None),
                self._reason,
                checked=lambda: self.loop.active,
            )
        ]

    def _reason(self) -> str | None:
        document = self.workspace.document
        return document.training_disabled_reason() if document is not None else None

    # on and off ------------------------------------------------------------------------------

    def _switch(self, on: bool) -> None:
        if on:
            self.start()
        else:
            self.stop()

    @Slot()
    def start(self) -> None:
        """Ask about places; the map follows the answers from now on."""
        document, reason = self.workspace.document, self._reason()
        if document is None or self.loop.active:
            return
        self.open()
        if reason is not None:
            self.workspace.notify(reason, "warning")
            return
        self._was_live = self._training.live
        self._tool = self._labelling.tool
        self._labelling.use_tool("navigate")
        self.loop.start()
        self.panel.show_active(True)
        self._room.start()
        self._training.follow_labels()
        self.context.viewing.show_map(True)
        self._on_place()
        self._on_progress()
        self.context.canvas.setFocus()
        self.workspace.state_changed.emit()

    @Slot()
    def _make_room(self) -> None:
        """Let the neighbours of the dock shrink until the whole question is seen."""
        dock = self.context.docking.docks[self.key]
        if not dock.isFloating() and dock.height() < self.panel.sizeHint().height():
            height = self.panel.sizeHint().height() + dock.height() - dock.widget().height()
            self.window.resizeDocks([dock], [height], Qt.Orientation.Vertical)

    def stop(self) -> None:
        """End the guide; training follows strokes as before it."""
        if not self.loop.active:
            return
        self.loop.stop()
        self._keys.forget()
        self._only_pixel = False
        if not self._was_live:
            self._training.set_live(False)
        self._labelling.use_tool(self._tool)
        self._show_stopped()
        self.workspace.state_changed.emit()

    def _show_stopped(self) -> None:
        if self.is_made:
            self.panel.show_active(False)
            self.context.docking.sizes.fit()  # the neighbours get back what `_make_room` took
        self._on_place()

    @Slot()
    def _on_document(self) -> None:
        self._naming = False
        if self.is_made:
            self.refresh()
            self._show_stopped()

    @Slot()
    def _on_state(self) -> None:
        reason = self._reason() if self.has_scene() else "Open a scene first."
        if self.is_made:
            self.panel.show_reason(reason)
            if not self.loop.active:
                self.panel.show_question(reason or _INTRODUCTION)
        elif reason is None and self.workspace.works_ahead:
            self._ahead.start()

    @Slot()
    def _make_ahead(self) -> None:
        """Make the panel while the interface rests."""
        if any(not task.quiet for task in self.workspace.tasks.running):
            self._ahead.start()
        elif VIEW not in sys.modules:
            import_module(VIEW)
            self._ahead.start()  # to make it, too, would be long for one turn
        else:
            self.context.docking.panel(self.key)

    # keys ------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make room again when the window has another size."""
        if self.loop.active and watched is self.window and event.type() == QEvent.Type.Resize:
            self._room.start()
        return False

    @Slot(str)
    def _on_key(self, action: Action) -> None:
        if action == "leave" and self._only_pixel:
            self._only_pixel = False
            self._show_area()
        else:
            self._act(action)

    @Slot(str)
    def _act(self, action: Action) -> None:
        """Carry out an answer that isn't a class."""
        if action == "next":
            self.loop.later()
        elif action == "skip":
            self.loop.skip()
        elif action == "no_class":
            self.loop.no_class()
        elif action == "take_back":
            self.context.commands.action("edit.undo").trigger()
        elif action == "only_pixel":
            self._only_pixel = not self._only_pixel
            self._show_area()
        elif action == "new_class":
            self._add_class()
        elif action == "leave":
            self.stop()

    # answers ---------------------------------------------------------------------------------

    @property
    def _area(self) -> Area:
        return "pixel" if self._only_pixel else self.loop.area

    @Slot(int)
    def label(self, class_id: int) -> None:
        """Answer with a class."""
        area, self._only_pixel = self._area, False
        self.loop.label(class_id, area)

    @Slot(str)
    def _on_unknown(self, number: str) -> None:
        """Say that no class has a number; the message goes with the place."""
        if self.loop.place is not None:
            self._unknown = f"There is no class {number}. N: new class."
            self.workspace.notify(self._unknown, "info", Choice("New class", self._add_class))

    @Slot()
    def _add_class(self) -> None:
        """Name a new class; the place gets it once it has a name."""
        if self.loop.place is not None:
            self._naming = True
            self._labelling.add_class()

    @Slot(bool)
    def _on_named(self, accepted: bool) -> None:
        if not self._naming:
            return
        self._naming = False
        self._labelling.use_tool("navigate")
        added = self._labelling.active_class
        if accepted and added is not None and self.loop.active:
            self.label(added)
        self.open()
        self.context.canvas.setFocus()

    @Slot(str)
    def _on_area(self, area: Area) -> None:
        self.workspace.settings.guide_area = area
        self._show_area()

    # what is shown ---------------------------------------------------------------------------

    @Slot()
    def _on_place(self) -> None:
        self._keys.forget()
        self.context.notices.withdraw(self._unknown)
        self._only_pixel = False
        if self._view is not None:
            self._view.show_place(self._area)
        self._ask()
        if self._view is not None and self.loop.place is not None:
            self._view.paint_now()

    @Slot()
    def _ask(self) -> None:
        if self._view is not None and self.loop.active:
            self._view.show_question(self._keys.waiting, only_pixel=self._only_pixel)

    def _show_area(self) -> None:
        if self._view is not None:
            self._view.show_outlines(self._area)
        self._ask()

    @Slot()
    def _on_progress(self) -> None:
        if self._view is not None:
            self._view.show_progress()
        self._ask()

    # the session -----------------------------------------------------------------------------

    def session_state(self) -> dict[str, Any]:
        """Whether the guide is on, and what its answers came to."""
        points = self.loop.progress.to_json()
        return {"on": self.loop.active, "points": points} if self.loop.active or points else {}

    def restore_session_state(self, state: dict[str, Any]) -> None:
        """Go on where the session was saved."""
        self.loop.progress.restore(state.get("points"))
        if state.get("on") is True and self._reason() is None:
            self.start()
        self._on_progress()

    def close(self) -> None:
        """The window goes: nothing is fitted to it any more."""
        self._room.stop()
        self._ahead.stop()

    def leave(self, *, discard: bool) -> None:
        """The document goes: nothing is asked about it any more."""
        self.stop()


_INTRODUCTION = (
    "The guide shows places where a label helps the map most. Answer with the number of a class; "
    "the map follows."
)

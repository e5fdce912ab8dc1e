"""GuideFeature: asks where a label helps most, one place after the other, by a few keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature, Panel
from hsi_viewer.ui.features.guidance.answer_keys import Action, AnswerKeys, action_of, digit_of
from hsi_viewer.ui.features.guidance.answered_places import Area
from hsi_viewer.ui.features.guidance.guide_loop import GuideLoop

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.guidance.guide_panel import GuidePanel
    from hsi_viewer.ui.features.guidance.guide_view import GuideView
    from hsi_viewer.ui.features.labelling.labelling import LabelController
    from hsi_viewer.ui.features.training.training import TrainController
    from hsi_viewer.ui.widgets.class_panel import ClassPanel

KEY = "guide"


class GuideFeature(Feature):
    """Binds the loop to canvas, keys and panel.

    Parameters
    ----------
    labelling, panel : the classes, and their list, where a new one is named.
    training : follows the answers while the guide is on.
    """

    key = "guide"

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
        self._keys, self._only_pixel = AnswerKeys(), False
        self._naming, self._was_live = False, False
        self._tool = labelling.tool
        self._view: GuideView | None = None
        classes.naming_ended.connect(self._on_named)
        context.canvas.installEventFilter(self)
        context.window.installEventFilter(self)
        self._room = QTimer(self)  # after the docks were fitted to the window
        self._room.setSingleShot(True)
        self._room.setInterval(0)
        self._room.timeout.connect(self._make_room)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    # panel and commands ----------------------------------------------------------------------

    def panels(self) -> list[Panel]:
        """The dock Guide, beside the training."""
        return [
            Panel(
                KEY,
                "Guide",
                self._make,
                "right",
                beside="training",
                fill=self._fill,
                icon="compass-outline",
            )
        ]

    def _make(self) -> GuidePanel:
        from hsi_viewer.ui.features.guidance.guide_panel import GuidePanel
        from hsi_viewer.ui.features.guidance.guide_view import GuideView

        panel = GuidePanel(self.context.canvas)
        panel.installEventFilter(self)
        panel.started.connect(self.start)
        panel.class_chosen.connect(self.label)
        panel.acted.connect(self._act)
        panel.area_changed.connect(self._on_area)
        self._view = GuideView(self.context, self.loop, panel)
        return panel

    def _fill(self) -> None:
        self.panel.choose_area(self.workspace.settings.guide_area)
        if self._view is not None:
            self._view.show_scene()
        self._on_state()
        self._on_place()
        self._on_progress()

    @property
    def panel(self) -> GuidePanel:
        """The panel."""
        return cast("GuidePanel", self.context.docking.panel(KEY))

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
                lambda: self._reason() is None or self.loop.active,
                self._reason,
                checked=lambda: self.loop.active,
            )
        ]

    def _reason(self) -> str | None:
        document = self.workspace.document
        return document.training_disabled_reason() if document is not None else None

    def refresh_theme(self) -> None:
        """Take the colours of the theme."""
        if self.made(KEY):
            self.panel.refresh_theme()

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
        self.show_panel(KEY)
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
        dock = self.context.docking.docks[KEY]
        if not dock.isFloating() and dock.height() < self.panel.sizeHint().height():
            height = self.panel.sizeHint().height() + dock.height() - dock.widget().height()
            self.window.resizeDocks([dock], [height], Qt.Orientation.Vertical)

    def stop(self) -> None:
        """End the guide; training follows strokes as before it."""
        if not self.loop.active:
            return
        self.loop.stop()
        self._keys.typed, self._only_pixel = "", False
        if not self._was_live:
            self._training.set_live(False)
        self._labelling.use_tool(self._tool)
        self._show_stopped()
        self.workspace.state_changed.emit()

    def _show_stopped(self) -> None:
        if self.made(KEY):
            self.panel.show_active(False)
        self._on_place()

    @Slot()
    def _on_document(self) -> None:
        self._naming = False
        if self.made(KEY):
            self._fill()
            self._show_stopped()

    @Slot()
    def _on_state(self) -> None:
        if self.made(KEY):
            reason = self._reason() if self.has_scene() else "Open a scene first."
            self.panel.show_reason(reason)
            if not self.loop.active:
                self.panel.show_question(reason or _INTRODUCTION)

    # keys ------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of the guide before they start commands."""
        if not self.loop.active:
            return False
        if watched is self.window:
            if event.type() == QEvent.Type.Resize:
                self._room.start()
            return False
        if not isinstance(event, QKeyEvent):
            return False
        if action_of(event) is None and not digit_of(event):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            if not event.isAutoRepeat():
                self._press(event)
            return True
        return event.type() == QEvent.Type.KeyRelease

    def _press(self, event: QKeyEvent) -> None:
        action, document = action_of(event), self.workspace.document
        if document is None:
            return
        count = len(document.legend)
        if action is None:
            self._choose(self._keys.digit(digit_of(event), count))
        elif action == "next" and self._keys.typed:
            self._choose(self._keys.confirm(count))
        elif action in ("erase", "leave") and self._keys.typed:
            self._keys.typed = ""
            self._ask()
        elif action == "leave" and self._only_pixel:
            self._only_pixel = False
            self._show_area()
        else:
            self._keys.typed = ""
            self._act(action)

    def _choose(self, number: int | None) -> None:
        document = self.workspace.document
        if number is not None and document is not None:
            self.label(document.legend.classes[number - 1].id)
        else:
            self._ask()

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
        self.show_panel(KEY)
        self.context.canvas.setFocus()

    @Slot(str)
    def _on_area(self, area: Area) -> None:
        self.workspace.settings.guide_area = area
        self._show_area()

    # what is shown ---------------------------------------------------------------------------

    @Slot()
    def _on_place(self) -> None:
        self._keys.typed, self._only_pixel = "", False
        if self._view is not None:
            self._view.show_place(self._area)
        self._ask()

    def _ask(self) -> None:
        if self._view is not None and self.loop.active:
            self._view.show_question(self._keys.typed, only_pixel=self._only_pixel)

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

    def leave(self, *, discard: bool) -> None:
        """The document goes: nothing is asked about it any more."""
        self.stop()


_INTRODUCTION = (
    "The guide shows places where a label helps the map most. Answer with the number of a class; "
    "the map follows."
)

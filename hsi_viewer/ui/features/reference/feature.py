"""ReferenceFeature: draws a reference sample from the map, and has its points labelled blind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot

from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL
from hsi_viewer.core.assessment.labelled_sample import LabelledSample, sample_from_json
from hsi_viewer.core.assessment.reference_sample import draw_sample, stratum_sizes
from hsi_viewer.core.assessment.sample_assessment import OTHER, reference_name
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.features.reference.estimating import SampleEstimator
from hsi_viewer.ui.features.reference.sample_commands import sample_commands
from hsi_viewer.ui.features.reference.sample_export import export_sample
from hsi_viewer.ui.questions.answer_keys import Action
from hsi_viewer.ui.questions.key_filter import AnswerKeyFilter
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.jobs.sampling import SamplePlan
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.reference.sample_dialog import SampleDialog
    from hsi_viewer.ui.features.reference.sample_panel import SamplePanel
    from hsi_viewer.ui.features.reference.sample_view import SampleView
    from hsi_viewer.ui.widgets.accuracy_panel import AccuracyPanel

REST_MS = 300  # after an answer, before it is written into the session's folder
USED: tuple[Action, ...] = ("next", "skip", "no_class", "take_back", "erase", "leave")


class ReferenceFeature(PanelFeature["SamplePanel"]):
    """Binds the sample of the document to dialog, keys, canvas and panels.

    Parameters
    ----------
    accuracy : shows what the sample says about the map.
    """

    key, title, icon = "reference", "Reference sample", "dice-multiple-outline"
    beside = "training"

    def __init__(self, context: Context, accuracy: AccuracyPanel) -> None:
        super().__init__(context)
        self._accuracy = accuracy
        self.active = False
        self._tool = ""
        self._keys = AnswerKeyFilter(self.workspace, lambda: self.active, self, USED)
        self._keys.chosen.connect(self.answer)
        self._keys.pressed.connect(self._act)
        self._keys.typed.connect(self.refresh)
        self._keys.unknown.connect(self._on_unknown)
        self._view: SampleView | None = None
        self._dialog: SampleDialog | None = None
        self.estimator = SampleEstimator(self.workspace, self)
        self._rest = RestTimer(REST_MS, context.sessions.keep_data, self)
        context.canvas.installEventFilter(self._keys)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    # panel and commands ----------------------------------------------------------------------

    def make_panel(self) -> SamplePanel:
        """The panel; its keys are the answers while points are labelled."""
        from hsi_viewer.ui.features.reference.sample_panel import SamplePanel
        from hsi_viewer.ui.features.reference.sample_view import SampleView

        panel = SamplePanel(self.context.canvas)
        panel.installEventFilter(self._keys)
        panel.started.connect(self.start)
        panel.drawn.connect(self.choose)
        panel.exported.connect(self.export)
        panel.class_chosen.connect(self.answer)
        panel.acted.connect(self._act)
        self._view = SampleView(self.context, panel)
        return panel

    def commands(self) -> list[Command]:
        """Three commands of the menu Map."""
        return sample_commands(self)

    @property
    def sample(self) -> LabelledSample | None:
        """The sample of the document, or None."""
        document = self.workspace.document
        return document.results.sample if document is not None else None

    # drawing ---------------------------------------------------------------------------------

    @Slot()
    def choose(self) -> None:
        """Ask how many points, and draw them."""
        from hsi_viewer.ui.features.reference.sample_dialog import SampleDialog

        document = self.workspace.document
        if document is None or document.prediction is None:
            return
        self.stop()
        old = document.results.sample
        dialog = self._dialog = SampleDialog(self.window, old.done if old is not None else 0)
        ids = document.prediction.class_map

        def work(_token: CancelToken, _port: ProgressPort) -> dict[int, int]:
            return stratum_sizes(ids)

        self.workspace.compute(
            "Counting the classes", work, self._on_sizes, document=document, quiet=True
        )
        accepted = dialog.exec()
        self._dialog = None
        if accepted:
            self.draw(dialog.plan(), label=dialog.at_once.isChecked())
        dialog.deleteLater()

    def _on_sizes(self, sizes: dict[int, int]) -> None:
        document = self.workspace.document
        if self._dialog is not None and document is not None:
            self._dialog.show_sizes(sizes, ClassLegend(document.legend.classes))

    def draw(self, plan: SamplePlan, *, label: bool = True) -> None:
        """Draw a sample from the map that is shown, in the place of an older one."""
        document = self.workspace.document
        if document is None or document.prediction is None:
            return
        ids = document.prediction.class_map

        def work(_token: CancelToken, _port: ProgressPort) -> LabelledSample:
            return LabelledSample(draw_sample(ids, plan.points(stratum_sizes(ids)), plan.seed))

        def done(drawn: LabelledSample) -> None:
            document.results.sample = drawn
            self._changed()
            self.open()
            if label:
                self.start()

        self.workspace.compute("Drawing the sample", work, done, document=document)

    # on and off ------------------------------------------------------------------------------

    def switch(self, on: bool) -> None:
        """Start or stop labelling."""
        if on:
            self.start()
        else:
            self.stop()

    @Slot()
    def start(self) -> None:
        """Ask about one point after the other, with the map hidden."""
        sample = self.sample
        if sample is None or sample.complete or self.active:
            return
        guide = self.context.commands.action("labels.guide")
        if guide.isChecked():
            guide.trigger()
        self._tool = self.context.labelling.tool
        self.context.commands.action("tool.navigate").trigger()
        self.active = True
        self._set_blind(True)
        self.open()
        self.panel.show_active(True)
        self.refresh()
        self.context.canvas.setFocus()
        self.workspace.state_changed.emit()

    def stop(self) -> None:
        """Show the map again; what was answered stays."""
        if not self.active:
            return
        self.active = False
        self._keys.forget()
        self._set_blind(False)
        self.context.commands.action(f"tool.{self._tool}").trigger()
        if self.is_made:
            self.panel.show_active(False)
        self.refresh()
        self.workspace.state_changed.emit()

    def _set_blind(self, blind: bool) -> None:
        self.context.viewing.layers.set_blind(blind)
        self.context.readout.set_blind(blind)

    # answers ---------------------------------------------------------------------------------

    @Slot(int)
    def answer(self, class_id: int) -> None:
        """Label the point, and ask about the next one."""
        sample = self.sample
        if sample is None or not self.active:
            return
        sample.answer(class_id)
        self._changed()
        if sample.complete:
            self.stop()
            self.show_panel("accuracy")
            self.workspace.notify(
                f"All {sample.total} reference points are labelled. The Accuracy panel shows "
                "what they say about the map.",
                "success",
            )

    @Slot(str)
    def _on_unknown(self, number: str) -> None:
        """Say that no class has a number."""
        self.workspace.notify(
            f"There is no class {number}. X: none of the classes.",
            "info",
            Choice("None of the classes", partial(self._act, "no_class")),
        )

    @Slot(str)
    def _act(self, action: str) -> None:
        """Carry out an answer that isn't a class."""
        sample = self.sample
        if sample is None:
            return
        if action == "skip":
            self.answer(CANNOT_TELL)
        elif action == "no_class":
            self.answer(OTHER)
        elif action == "next":
            sample.later()
            self.refresh()
        elif action == "take_back" and sample.take_back():
            self._changed()
        elif action == "leave":
            self.stop()

    def _changed(self) -> None:
        """Keep the answers in the session, and say what follows from them."""
        session = self.context.sessions.session
        if session is not None:
            session.note_extra("reference points")
            self._rest.start()
        self.refresh()
        self.estimator.estimate()
        self.workspace.state_changed.emit()

    # what is shown ---------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Show the point that is asked about, or what can be done."""
        if self.is_made and self._view is not None:
            self._view.show(self.sample, self._keys.waiting, active=self.active)
            self._on_state()

    @Slot()
    def _on_state(self) -> None:
        if self.active and self.context.commands.action("labels.guide").isChecked():
            self.stop()
        if self.is_made:
            sample = self.sample
            done, total = (0, 0) if sample is None else (sample.done, sample.total)
            self.panel.show_state(can_draw=self.has_map(), done=done, total=total)

    @Slot()
    def _on_document(self) -> None:
        self._leave_blind()
        document = self.workspace.document
        if document is not None:
            document.legend.changed.connect(self._on_legend)
            document.results.sampled.connect(self._show_estimates)
        if self._view is not None:
            self._view.show_scene()
        self._on_legend()

    def _on_legend(self) -> None:
        self._show_estimates()
        self.refresh()

    def _show_estimates(self) -> None:
        document = self.workspace.document
        if document is not None:
            found, reason = document.results.sample_assessment, document.results.sample_reason
            self._accuracy.sample.show_sample(found, reason, reference_name(document.legend))

    def _leave_blind(self) -> None:
        self.active = False
        self._keys.forget()
        self._set_blind(False)
        if self.is_made:
            self.panel.show_active(False)

    @Slot()
    def export(self) -> None:
        """Ask for a file and write the points; without strata while they are labelled blind."""
        if self.sample is not None:
            export_sample(self.workspace, self.window, self.sample)

    # the session -----------------------------------------------------------------------------

    def session_state(self) -> dict[str, Any]:
        """The sample with its labels."""
        sample = self.sample
        return {} if sample is None else {"sample": sample.to_json(), "on": self.active}

    def restore_session_state(self, state: dict[str, Any]) -> None:
        """Go on where the session was saved."""
        document = self.workspace.document
        if document is None:
            return
        shape = document.labels.shape
        document.results.sample = sample_from_json(state.get("sample"), shape)
        if document.results.sample is None:
            self.workspace.notify("The reference sample of the session isn't valid.", "warning")
        self.estimator.estimate()
        if state.get("on") is True:
            self.start()
        self.refresh()

    def leave(self, *, discard: bool) -> None:
        """The document goes: nothing is asked about it any more."""
        self.stop()

    def close(self) -> None:
        """The window writes what is left itself."""
        self._rest.stop()

"""LeavingOut: doubtful pixels of the map are left unclassified, and get their classes back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.assessment.uncertainty import unclassified_where
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.labels.decisions import background_of
from hsi_viewer.core.postprocess.map_steps import steps_of, with_step
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.validation import InvalidError
from hsi_viewer.jobs.doubt_layers import AREA, DoubtLayer, MapFacts, doubt_layer
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.map_change import MadeMap, MapChange, ShownMap
from hsi_viewer.session.storage.run_evidence import read_evidence
from hsi_viewer.session.storage.training_runs import MADE_FROM, UNCLASSIFIED, Run, read_map
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.features.training.torch_preload import import_trainer

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.doubt_dialog import DoubtDialog

log = logging.getLogger(__name__)

COMPARING = "Comparing the scene with the training pixels…"
READING = "Reading the map with all of its pixels…"


class LeftOut(Struct, frozen=True, eq=False):
    """A map with doubtful pixels left out.

    Attributes
    ----------
    shown : the map.
    whole : the one that it was made from.
    run : that this is kept in; None where it is in none.
    rule : what was left out.
    evidence : of the map with all pixels, where both were read again.
    """

    shown: Prediction
    whole: Prediction
    run: int | None
    rule: DoubtRule
    evidence: RunEvidence | None = None


class LeavingOut(QObject):
    """Previews a rule on the image, and applies it to the map of the document."""

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self.context, self.workspace = context, context.workspace
        self._dialog: DoubtDialog | None = None
        self._area: DoubtLayer | None = None
        self._left: LeftOut | None = None
        self._previewing = False

    def bind(self, dialog: DoubtDialog) -> None:
        """Take the controls."""
        self._dialog = dialog
        dialog.changed.connect(self._preview)
        dialog.visibility_changed.connect(self._preview)
        dialog.apply_requested.connect(self.apply)

    def take_document(self) -> None:
        """Forget what belongs to the last document."""
        self._area = self._left = None
        self._show_rule(DoubtRule())

    def take_map(self) -> None:
        """Take note that another map is shown."""
        shown, left = self._shown(), self._left
        if left is not None and shown is not left.shown and shown is not left.whole:
            self._left = left = None
        if self._area is not None and self._area.prediction is not self._before():
            self._area = None
        self._show_rule(left.rule if left is not None and shown is left.shown else DoubtRule())

    def take_area(self, found: DoubtLayer) -> None:
        """Take the area of applicability, where it was computed for a layer."""
        if found.kind is AREA:
            self._area = found

    def _show_rule(self, rule: DoubtRule) -> None:
        if self._dialog is not None:
            self._dialog.show_rule(rule.confidence, applicable=rule.applicable)
            self._preview()

    def _shown(self) -> Prediction | None:
        document = self.workspace.document
        return document.prediction if document is not None else None

    def _before(self) -> Prediction | None:
        """The map with all of its pixels."""
        shown, left = self._shown(), self._left
        return left.whole if left is not None and shown is left.shown else shown

    # preview ---------------------------------------------------------------------------------

    @Slot()
    def _preview(self) -> None:
        """Show on the image what the rule comes to, and say it in numbers."""
        dialog, document, whole = self._dialog, self.workspace.document, self._before()
        if dialog is None:
            return
        dialog.setEnabled(whole is not None)
        if whole is None or document is None:
            dialog.show_summary(NO_MAP, ready=False)
            return
        if dialog.isVisible() and self._read_whole(document):
            return
        rule = DoubtRule(dialog.least, dialog.applicable.isChecked())
        if rule.applicable and (self._area is None or self._area.prediction is not whole):
            self._find_area(document, whole)
            return
        shown = document.prediction or whole
        doubtful = rule.doubtful(whole, self._outside())
        ids = unclassified_where(whole.class_map, doubtful)
        same = np.array_equal(shown.class_map, ids)
        if self._previewing or not same:
            self._previewing = dialog.isVisible() and not same
            self.context.viewing.preview_map(ids if self._previewing else None)
        count, total = int(doubtful.sum()), max(1, int((whole.class_map > 0).sum()))
        text = f"{count:,} of {total:,} pixels ({100 * count / total:.1f} %) are left unclassified."
        if not rule.anything:
            text = "" if same else "Every pixel gets its class back."
        dialog.show_summary(text, ready=whole.final and not same)

    def _outside(self) -> NDArray[np.bool_] | None:
        return None if self._area is None else self._area.outside

    def _find_area(self, document: Document, whole: Prediction) -> None:
        facts = facts_later(document)
        if facts is None or self._dialog is None:
            return
        self._dialog.show_summary(COMPARING, ready=False)

        def work(token: CancelToken, port: ProgressPort) -> DoubtLayer:
            import_trainer(token, port)
            return doubt_layer(AREA, replace(facts(), prediction=whole), token, port)

        self.workspace.compute(
            "Finding the area of applicability",
            work,
            self._on_area,
            document=document,
            on_failed=self._on_no_area,
        )

    def _on_area(self, found: DoubtLayer) -> None:
        self._area = found
        self._preview()

    def _on_no_area(self, error: Exception) -> None:
        if self._dialog is not None:
            self._dialog.show_rule(self._dialog.least, applicable=False)
        self._preview()
        self.workspace.notify_error(error, "Finding the area of applicability")

    # a map that was read again ---------------------------------------------------------------

    def _read_whole(self, document: Document) -> bool:
        """Read the map with all of its pixels, if the shown one was read without it."""
        shown, session = document.prediction, self.context.sessions.session
        known = self._left is not None and shown is self._left.shown
        if shown is None or session is None or not shown.unclassified or known:
            return False
        run, runs = self.context.sessions.known_run, session.training_runs
        if run is None or run not in runs or self._dialog is None:
            return False
        found = left_out_by(runs[run])
        if found is None or found[1] not in runs:
            return False
        (rule, number), folder, shape = found, runs.folder, document.cube.shape
        origin = runs[number]
        self._dialog.show_summary(READING, ready=False)

        def work(_token: CancelToken, _port: ProgressPort) -> LeftOut:
            whole = read_map(folder, origin, shape).prediction
            try:
                evidence = read_evidence(folder / str(number), shape[:2])
            except FileError as error:
                log.warning("%s", str(error))  # the map comes back, and its accuracy is unknown
                evidence = None
            return LeftOut(shown, whole, number, rule, evidence)

        self.workspace.compute(
            "Reading the map before", work, self._on_whole, document=document, quiet=True
        )
        return True

    def _on_whole(self, found: LeftOut) -> None:
        if self._shown() is found.shown:
            self._left = found
            self._show_rule(found.rule)

    # applying it -----------------------------------------------------------------------------

    @Slot()
    def apply(self) -> None:
        """Show the map with the rule, as one step and as a run of its own."""
        document, whole, shown = self.workspace.document, self._before(), self._shown()
        if document is None or shown is None or whole is None or self._dialog is None:
            return
        rule = DoubtRule(self._dialog.least, self._dialog.applicable.isChecked())
        before = ShownMap(shown, document.trained_on, self.context.sessions.known_run)
        left = self._left  # of this map, or of one that was made from it
        origin = before.run if left is None else left.run
        evidence = None if left is None else left.evidence
        after = ShownMap(whole, before.trained_on, origin, evidence)
        if rule.anything:
            made = rule.applied(whole, self._outside())
            settings = with_step(self._settings_of(origin), rule)
            settings |= {MADE_FROM: origin, UNCLASSIFIED: made.unclassified}
            run = self.context.runs.keep_map(
                MadeMap(f"unclassified: {rule}", made, document.trained_on, settings)
            )
            self._left = LeftOut(made, whole, origin, rule, evidence)
            after = ShownMap(made, before.trained_on, run)
        change = MapChange(document, before, after, lambda m: self.context.runs.note_shown(m.run))
        document.history.do("Leave doubtful pixels unclassified", change)

    def _settings_of(self, run: int | None) -> dict[str, object]:
        session = self.context.sessions.session
        if session is None or run is None or run not in session.training_runs:
            return {}
        return dict(session.training_runs[run].config)


def left_out_by(run: Run) -> tuple[DoubtRule, int] | None:
    """The rule by which pixels of a run's map were left out last, and the run that has them all."""
    try:
        steps = steps_of(run.config)
    except InvalidError as error:
        log.warning("%s: %s", run.title, str(error))
        return None
    origin = run.config.get(MADE_FROM)
    if not steps or not isinstance(steps[-1], DoubtRule) or not isinstance(origin, int):
        return None
    return steps[-1], origin


def facts_later(document: Document) -> Callable[[], MapFacts] | None:
    """A function with which a worker learns what is known of the shown map; None without one."""
    prediction, known = document.prediction, document.results.model
    if prediction is None:
        return None
    cube, evidence = document.mapped_cube, document.results.evidence
    trained_on = document.trained_on
    labels, decisions = document.labels.snapshot(), document.decisions.snapshot()

    def facts() -> MapFacts:
        own = known is not None and np.array_equal(known.labelled, trained_on)
        model = known.model if own and known is not None else None
        seen = np.where(trained_on, labels.ids, 0).astype(np.uint16)
        taught = seen if evidence is None else evidence.labels
        return MapFacts(cube, prediction, model, taught, evidence, background_of(decisions.ids))

    return facts

"""FillFeature: asks whether undeclared values are no data, and keeps the answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Slot

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined, with_suspected
from hsi_viewer.core.cube.nodata import SuspectedFill, number_text
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.opened_cube import OpenedCube
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.opening.metadata_editing import MetadataController

KEY = "fill values"
TAKE, REFUSE, LATER = "Treat as no data", "Treat as data", "Not now"


def answer(cube: HyperCube, *, is_fill: bool) -> dict[str, Any]:
    """Fields of the sidecar that answer whether the suspected values are no data."""
    suspected = [s.value for s in cube.suspected if np.isfinite(s.value)]
    known = [v for v in cube.fill_values or () if v not in suspected]
    if not is_fill:
        return {"fill_values": known}
    if cube.nodata is None and suspected:
        return {"nodata": suspected[0], "fill_values": known + suspected[1:]}
    return {"fill_values": known + suspected}


def _until_then(asked: SuspectedFill) -> str:
    value = number_text(asked.value)
    how = "mapped like any other value" if asked.kept else "ignored"
    return f"Until you decide, {value} is {how}."


class FillFeature(Feature):
    """Offers to take as no data what plainly is, when a scene opens and after each training."""

    key = "fill-values"

    def __init__(self, context: Context, metadata: MetadataController) -> None:
        super().__init__(context)
        self._metadata = metadata
        self._late: tuple[SuspectedFill, ...] = ()  # of the model, not of the sample at opening
        self._put_off: set[float] = set()
        context.opening.opened.connect(self._on_opened)
        self.workspace.document_changed.connect(self._on_document)

    @Slot()
    def _on_document(self) -> None:
        self.context.offers.withdraw(KEY)
        self._late, self._put_off = (), set()
        document = self.workspace.document
        if document is not None:
            document.cube_changed.connect(self._ask)
            document.prediction_changed.connect(self._on_map)

    def _on_map(self) -> None:
        """Training has looked at all of the scene."""
        document = self.workspace.document
        result = document.results.model if document is not None else None
        late = getattr(result.model, "suspected", ()) if result is not None else ()
        if late != self._late:
            self._late = late
            self._ask()

    @Slot(object)
    def _on_opened(self, opened: OpenedCube) -> None:
        if opened.cube.fill_values is not None:
            self._ask()
            return
        cube = opened.cube

        def work(_token: CancelToken, _port: ProgressPort) -> HyperCube:
            return examined(cube)

        self.workspace.compute(
            "Looking for fill values",
            work,
            self._on_examined,
            cube=cube,
            on_failed=self._on_not_examined,
            patient=True,
        )

    def _on_examined(self, seen: HyperCube) -> None:
        document = self.workspace.document
        if document is not None and seen.suspected:
            document.set_cube(seen)

    def _on_not_examined(self, _error: Exception) -> None:
        """Nothing is asked; the log has the reason."""

    def _ask(self) -> None:
        """Show the question, or put it away where it is answered."""
        self.context.offers.withdraw(KEY)
        document = self.workspace.document
        found = () if document is None else document.cube.suspected
        asked = [s for s in found if np.isfinite(s.value)]
        if document is not None and not asked:
            self._offer_late(document.cube)
        if document is None or not asked:
            return
        text = " ".join(s.sentence for s in asked)
        self.context.offers.offer(
            KEY,
            f"{text} {_until_then(asked[0])}" if len(asked) == 1 else text,
            (
                Choice(TAKE, partial(self._keep, document.cube, True), primary=True),
                Choice(REFUSE, partial(self._keep, document.cube, False)),
            ),
            "help-circle-outline",
        )

    def _offer_late(self, cube: HyperCube) -> None:
        known = {cube.nodata, *(cube.fill_values or ()), *self._put_off}
        late = [s for s in self._late if s.value not in known]
        if late:
            self.context.offers.offer(
                KEY,
                " ".join(s.sentence for s in late) + " Training leaves them out.",
                (
                    Choice(TAKE, partial(self._keep, with_suspected(cube, late), True), True),
                    Choice(LATER, partial(self._put_off.update, [s.value for s in late])),
                ),
                "help-circle-outline",
            )

    def _keep(self, cube: HyperCube, is_fill: bool) -> None:
        document = self.workspace.document
        if document is not None and document.cube.source is cube.source:
            self._metadata.keep(document.cube, answer(cube, is_fill=is_fill))

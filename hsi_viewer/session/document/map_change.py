"""MapChange: another class map in the place of the one that is shown, as a step that is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.session.document.document import Document


class ShownMap(Struct, frozen=True, eq=False):
    """A class map, the pixels that its model was trained on, and the run that it is kept in.

    Attributes
    ----------
    evidence : of the run that made it, where the map was read again; None otherwise.
    """

    prediction: Prediction | None
    trained_on: NDArray[np.bool_]
    run: int | None = None
    evidence: RunEvidence | None = None


class MadeMap(Struct, frozen=True, eq=False):
    """A class map that was made of another one, or by a model that was trained elsewhere.

    Attributes
    ----------
    title : of its run, without the number.
    prediction : the map.
    trained_on : (rows, columns), True where its model saw a label of this scene.
    config : how it was made, for the run's details and the report.
    seconds : that it took.
    save_model : writes the model into a folder; None where there is none to keep.
    written : whether a file of the user's has the map already, so that nothing is lost with it.
    """

    title: str
    prediction: Prediction
    trained_on: NDArray[np.bool_]
    config: Mapping[str, Any]
    seconds: float = 0.0
    save_model: Callable[[Path], object] | None = None
    written: bool = False


class MapChange(Struct, frozen=True, eq=False):
    """Shows a map in the place of another; a map that came later is never replaced.

    A journal leaves it out, for runs keep the maps: the step is there after a recovery, and
    to undo it then changes nothing.

    Attributes
    ----------
    document : whose map it is.
    before, after : the maps.
    shown : called with the map that is shown again.
    """

    document: Document
    before: ShownMap
    after: ShownMap
    shown: Callable[[ShownMap], None]

    def redo(self) -> None:
        """Show the new map."""
        self._replace(self.before, self.after)

    def undo(self) -> None:
        """Show the old map again."""
        self._replace(self.after, self.before)

    def _replace(self, old: ShownMap, new: ShownMap) -> None:
        if self.document.prediction is old.prediction:
            self.document.set_prediction(new.prediction, new.trained_on, new.evidence)
            self.shown(new)

    @property
    def nbytes(self) -> int:
        """Memory of both maps."""
        predictions = (self.before.prediction, self.after.prediction)
        arrays = (
            array
            for p in predictions
            if p is not None
            for array in (p.class_map, p.confidence, p.probabilities, p.disagreement)
        )
        return sum(array.nbytes for array in arrays if array is not None)

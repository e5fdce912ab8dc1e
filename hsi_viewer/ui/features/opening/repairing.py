"""RepairController: what to do about a file whose contents aren't clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io import registry
from hsi_viewer.io.files.identify import SELF_DESCRIBED, magic_of, split_source
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.io.opening import arrays_in
from hsi_viewer.io.sidecars import location as sidecar_location
from hsi_viewer.io.sidecars import sidecar
from hsi_viewer.rendering.scene_picture import is_large
from hsi_viewer.ui.array_dialog import ArrayDialog
from hsi_viewer.ui.features.opening.doctor_dialog import FORGOTTEN, DoctorDialog
from hsi_viewer.ui.features.opening.metadata_editing import away
from hsi_viewer.ui.features.opening.remedies import array_choices
from hsi_viewer.ui.opened_cube import OpenedCube
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.offer_bar import OfferBar
from hsi_viewer.ui.workspace import Workspace

if TYPE_CHECKING:
    from hsi_viewer.io.envi.layout import Layout
    from hsi_viewer.io.files.reading import ArrayChoice
    from hsi_viewer.io.header_doctor.diagnose import Diagnosis
    from hsi_viewer.io.sidecars.sidecar import Sidecar
    from hsi_viewer.io.suggestions import Use

# doctor and sidecar are imported when they are needed: they would slow the start.

BELIEVABLE = 0.5  # score from which a file without a header may be a cube at all
USES: dict[Use, str] = {"labels": "Import labels", "library": "Open as a spectral library"}
OFFER, DOUBT = "use", "doubt"
DOING = "Examining or saving"


class Examined(Struct, frozen=True):
    """Findings about a file that did not open, or that the user doubts.

    Attributes
    ----------
    path : of the file.
    error : why it did not open, or None.
    uses : what it is good for in the open scene, if it is not a cube.
    diagnosis, thumbnails : of a raw file, with pictures of its readings.
    answer : how the user has chosen before that it is read, or None.
    """

    path: Path
    error: Exception | None
    uses: tuple[Use, ...] = ()
    diagnosis: Diagnosis | None = None
    thumbnails: tuple[NDArray[np.uint8], ...] = ()
    answer: Layout | None = None


class Arrays(Struct, frozen=True):
    """Arrays of a file that could be the cube, the one that is open, its axes as answered, why."""

    path: Path
    choices: tuple[ArrayChoice, ...]
    current: str = ""
    axes: tuple[str, ...] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Doubt:
    """Likely problem of the header of a file that opened, or ""."""

    path: Path
    problem: str


class Kept(Struct, frozen=True):
    """A file that is read as the user chose, where the choice is saved, and the one before."""

    path: Path
    sidecar: Path
    before: Sidecar | None


class RepairController(QObject):
    """Asks the user and keeps the answer in a sidecar; opens the file again after it.

    Parameters
    ----------
    reopen : opens a source.
    offers : where the user is asked what a file that cannot be opened as a scene is.
    uses : what takes a file of labels, or a spectral library; filled by those who can.

    Attributes
    ----------
    answered : the choice just made for a file that is reopened because of it, or None.
    """

    def __init__(
        self,
        workspace: Workspace,
        window: QWidget,
        reopen: Callable[..., None],
        offers: OfferBar,
        uses: dict[Use, Callable[[Path], None]],
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._reopen = workspace, window, reopen
        self._offers = offers
        self.uses = uses
        self.answered: Kept | None = None
        workspace.document_changed.connect(self._withdraw)

    def explain(self, source: str, error: Exception) -> None:
        """Explain why a file did not open, and offer what can be done about it."""
        self._withdraw()
        path, part = split_source(source)
        if isinstance(error, ChoiceNeededError):
            self._ask_which_array(Arrays(path, error.choices, reason=error.reason))
        elif isinstance(error, HsiError) and part is None:
            self._examine(path, error)
        else:
            named = array_choices(str(error), path, self._reopen)
            self._workspace.notify_error(error, "Opening the file", *named)

    @Slot(str)
    def ask_labels(self, source: str) -> None:
        """Ask whether an image of one band is the labels of the open scene."""
        self._withdraw()
        choices = (
            Choice(USES["labels"], partial(self.uses["labels"], Path(source)), primary=True),
            Choice("Open as a scene", partial(self._reopen, source, as_scene=True)),
            Choice("Cancel", lambda: None, escape=True),
        )
        name = Path(source).name
        text = f"{name} has one band of whole numbers and the size of the scene. Are they labels?"
        self._offers.offer(OFFER, text, choices, "help-circle-outline")

    @Slot(object)
    def check(self, opened: OpenedCube) -> None:
        """Warn, once the picture is drawn, if the header of a raw file seems wrong."""
        self.answered = None
        cube = opened.cube
        if cube.path is None or cube.format_name != "ENVI" or is_large(cube):
            return
        path = cube.path

        def work(token: CancelToken, _port: ProgressPort) -> Doubt:
            return Doubt(path, _doubt(path, token))

        self._workspace.compute(
            f"Checking the header of {path.name}",
            work,
            self._on_checked,
            document=opened.document,
            quiet=True,
        )

    def _on_checked(self, doubt: Doubt) -> None:
        if not doubt.problem:
            return
        choices = (
            Choice("Show likely readings", partial(self._examine, doubt.path, None), primary=True),
            Choice("Keep it as it is", lambda: None),
        )
        self._offers.offer(DOUBT, f"{doubt.path.name}: {doubt.problem}", choices, "stethoscope")

    @Slot()
    def open_doctor(self) -> None:
        """Ask how the file of the open cube is to be read."""
        document = self._workspace.document
        if document is None or document.cube.path is None:
            return
        path, array = document.cube.path, document.cube.metadata.get("array", "")
        if document.cube.format_name == "ENVI":
            self._examine(path, None)
            return

        def work(_token: CancelToken, _port: ProgressPort) -> Arrays:
            stored = sidecar.load(path)
            return Arrays(path, arrays_in(path), array, stored.axes if stored else None)

        self._workspace.perform(f"Examining {path.name}", work, self._ask_which_array, doing=DOING)

    @property
    def can_examine(self) -> bool:
        """Whether the file of the open cube can be read in another way."""
        document = self._workspace.document
        cube = document.cube if document else None
        if cube is None or cube.path is None:
            return False
        return cube.format_name == "ENVI" or registry.has_arrays(cube.format_name)

    def _ask_which_array(self, arrays: Arrays) -> None:
        dialog = ArrayDialog(
            arrays.path.name,
            arrays.choices,
            self._window,
            arrays.current,
            arrays.axes,
            arrays.reason,
        )
        if dialog.exec():
            self._keep(arrays.path, dialog.chosen())
        elif not self._is_open(arrays.path):
            again = partial(self._ask_which_array, arrays)
            self._offer_again(arrays.path, "Choose an array…", again)
        dialog.deleteLater()

    def _examine(self, path: Path, error: Exception | None) -> None:
        document = self._workspace.document
        cube = document.cube if document is not None and error is not None else None

        def work(token: CancelToken, port: ProgressPort) -> Examined:
            port.report(Progress(f"Examining {path.name}"))
            return _examined(path, error, cube, token)

        self._workspace.perform(f"Examining {path.name}", work, self._on_examined, doing=DOING)

    def _on_examined(self, examined: Examined) -> None:
        if examined.uses:
            self._offer_uses(examined)
            return
        if examined.error is not None:
            named = array_choices(str(examined.error), examined.path, self._reopen)
            self._workspace.notify_error(examined.error, "Opening the file", *named)
        diagnosis = examined.diagnosis
        if diagnosis is None or not _doubted(examined, diagnosis):
            return
        dialog = DoctorDialog(diagnosis, examined.thumbnails, self._window, examined.answer)
        ended = dialog.exec()
        if ended:
            layout = None if ended == FORGOTTEN else dialog.chosen()
            self._keep(diagnosis.data, {"layout": layout})
        elif not self._is_open(examined.path):
            self._offer_again(
                examined.path, "Show likely readings", lambda: self._on_examined(examined)
            )
        dialog.deleteLater()

    def _is_open(self, path: Path) -> bool:
        """Whether the scene of a file, or of its header, is open."""
        document = self._workspace.document
        known = document.cube.path if document is not None else None
        return known is not None and known.with_suffix("") == path.with_suffix("")

    def _offer_again(self, path: Path, text: str, run: Callable[[], None]) -> None:
        """Tell that a file was not opened after all, with the way back."""
        self._workspace.notify(f"{path.name} wasn't opened.", "info", Choice(text, run))

    @Slot()
    def _withdraw(self) -> None:
        self._offers.withdraw(OFFER)
        self._offers.withdraw(DOUBT)

    def _offer_uses(self, examined: Examined) -> None:
        """Ask how to use a file that isn't a cube in the open scene."""
        choices = [
            Choice(USES[use], partial(self.uses[use], examined.path), primary=index == 0)
            for index, use in enumerate(examined.uses)
        ]
        self._offers.offer(
            OFFER,
            f"{examined.path.name} isn't a cube. Use it in the open scene?",
            (*choices, Choice("Cancel", lambda: None, escape=True)),
            "help-circle-outline",
        )

    def _keep(self, path: Path, fields: dict[str, Any]) -> None:
        """Save an answer next to the file, and open it accordingly."""

        def work(_token: CancelToken, _port: ProgressPort) -> Kept:
            layout = fields.get("layout")
            answer = {"layout": sidecar.RawLayout.of(layout)} if layout else fields
            before = sidecar.load(path)
            return Kept(path, sidecar.edited(path, **answer), before)

        self._workspace.perform(
            f"Saving how {path.name} is read", work, self._on_kept, doing=DOING, writes=True
        )

    def _on_kept(self, kept: Kept) -> None:
        if kept.sidecar.parent != kept.path.parent:
            self._workspace.notify(f"Your choice was saved {away(kept.path, kept.sidecar)}", "info")
        self.answered = kept
        self._reopen(str(kept.path))

    @Slot(object)
    def take_back(self, opened: OpenedCube) -> None:
        """The user stays with the scene as it is: what was answered about its file is not kept."""
        kept, self.answered = self.answered, None
        if kept is None or opened.source != str(kept.path):
            return

        def work(_token: CancelToken, _port: ProgressPort) -> None:
            if kept.before is None:
                sidecar_location.forget(kept.path)
            else:
                sidecar.save(kept.path, kept.before)

        self._workspace.perform(
            f"Saving how {kept.path.name} is read", work, doing=DOING, writes=True
        )


def _examined(
    path: Path, error: Exception | None, cube: HyperCube | None, token: CancelToken
) -> Examined:
    """Find out in a worker what a file is."""
    from hsi_viewer.io.header_doctor import diagnose as doctor

    try:
        if not path.is_file():
            return Examined(path, error)
        if cube is not None:
            from hsi_viewer.io.suggestions import other_uses

            uses = other_uses(path, cube)
            if uses:
                return Examined(path, error, uses)
            token.check()
        elif error is not None:
            from hsi_viewer.io.suggestions import is_library

            if is_library(path):  # the doctor would read its spectra as an image
                return Examined(path, error)
        if magic_of(path).startswith(SELF_DESCRIBED):
            return Examined(path, error)
        diagnosis = doctor.diagnose(path, token)
        stored = sidecar.load(path)
        answer = (
            stored.layout.layout() if stored is not None and stored.layout is not None else None
        )
        if answer is not None:
            diagnosis = doctor.with_reading(diagnosis, answer)
        pictures = tuple(doctor.thumbnail(diagnosis, r) for r in diagnosis.readings)
    except HsiError as not_raw:
        return Examined(path, error or not_raw)
    return Examined(path, error, (), diagnosis, pictures, answer)


def _doubt(path: Path, token: CancelToken) -> str:
    """The doctor's doubts about a file that opened, unless the user has decided; for a worker."""
    from hsi_viewer.io.header_doctor import diagnose as doctor

    try:
        stored = sidecar.load(path)
        return "" if stored is not None and stored.layout else doctor.diagnose(path, token).problem
    except HsiError:  # the scene is open, and what else is wrong is reported when it is read
        return ""


def _doubted(examined: Examined, diagnosis: Diagnosis) -> bool:
    """Whether the doctor is wanted: not for an error that has nothing to do with the layout."""
    if examined.error is None:
        return True
    if diagnosis.header is not None:
        return bool(diagnosis.problem and diagnosis.readings)
    best = diagnosis.readings[0].score if diagnosis.readings else 0.0
    return best >= BELIEVABLE or registry.can_be_raw(diagnosis.data)

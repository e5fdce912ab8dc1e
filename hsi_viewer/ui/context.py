"""Context: what a feature may use of the window, and of the other features.

The shared parts exist before the first feature is made. What a feature offers to others stands
here as a small protocol, so that features need not know each other; the feature that offers it
puts itself in its place when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtWidgets import QMainWindow

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.layers import LayerStack
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.rendering.scene_picture import ScenePicture
from hsi_viewer.session.document.map_change import MadeMap
from hsi_viewer.session.session import Session
from hsi_viewer.session.storage.recoverable_sessions import RecoverableSession
from hsi_viewer.session.storage.session_data import SessionData
from hsi_viewer.ui.commands.table import CommandTable
from hsi_viewer.ui.docking import Docking
from hsi_viewer.ui.late_painting import LatePainting
from hsi_viewer.ui.opened_cube import Prepare
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.plug_ins import PlugIns
from hsi_viewer.ui.scene.image_canvas import ImageCanvas
from hsi_viewer.ui.scene.map_marks import MapMarks
from hsi_viewer.ui.scene.tiles import TileStore
from hsi_viewer.ui.theme import ThemeChoice
from hsi_viewer.ui.tools.catalogue import ToolName
from hsi_viewer.ui.widgets.busy_bar import BusyBar
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.notice_bar import NoticeBar
from hsi_viewer.ui.widgets.offer_bar import OfferBar
from hsi_viewer.ui.widgets.readout import Readout
from hsi_viewer.ui.widgets.welcome import Welcome
from hsi_viewer.ui.workspace import Workspace

if TYPE_CHECKING:
    from PySide6.QtWidgets import QToolBar

    from hsi_viewer.core.training import Standardise
    from hsi_viewer.io.suggestions import Use
    from hsi_viewer.jobs.applied_run import Box

NO_MAP = "Train first: there is no class map yet."
SELECT_FIRST = "Select pixels first, with a lasso on the image or in the scatter plot."


class Opening(Protocol):
    """Opens scenes; `prepare` makes the session of each new document in the worker."""

    prepare: Prepare

    @property
    def began(self) -> SignalInstance:
        """Signal that a source is being read."""

    @property
    def read(self) -> SignalInstance:
        """Signal that a source could be read; its picture is being drawn."""

    @property
    def opened(self) -> SignalInstance:
        """Signal with the OpenedCube that is the document now."""

    @property
    def ended(self) -> SignalInstance:
        """Nothing is handed over any more of what was being read."""

    @property
    def kept(self) -> SignalInstance:
        """Signal with an OpenedCube that the user did not want after all."""

    @property
    def refused(self) -> SignalInstance:
        """Signal with a source that could not be opened, and the error."""

    @property
    def session_requested(self) -> SignalInstance:
        """Signal with the path of a session file that should be opened."""

    @property
    def project_requested(self) -> SignalInstance:
        """Signal with the path of a project that should be opened."""

    def open(self, source: str, prepare: Prepare | None = None, as_scene: bool = False) -> None:
        """Open a scene in the background."""


class Viewing(Protocol):
    """The picture on the canvas, its layers, and the picked pixel."""

    @property
    def layers(self) -> LayerStack:
        """Layers that are drawn, from bottom to top."""

    @property
    def picture(self) -> ScenePicture | None:
        """The picture on the screen."""

    @property
    def tiles(self) -> TileStore:
        """The parts of the layers that are drawn."""

    @property
    def derived_images(self) -> tuple[HyperCube, ...]:
        """Images that were derived of the scene."""

    @property
    def picked(self) -> Pixel | None:
        """The pixel whose spectrum was kept last."""

    @property
    def picked_changed(self) -> SignalInstance:
        """Signal: another pixel was picked, or none is."""

    @property
    def pins(self) -> int:
        """Number of pinned spectra."""

    def show_map(self, shown: bool) -> None:
        """Show or hide the class map, or what was chosen in its place."""

    def show_image(self) -> None:
        """Show the picture, with nothing over all of it."""

    def preview_map(self, ids: NDArray[np.uint16] | None) -> None:
        """Draw other ids in the place of the class map, until another map comes; None ends it."""

    def show_composite(self, composite: Composite) -> None:
        """Draw the scene with other bands or another contrast."""

    def pin(self, row: int, column: int) -> None:
        """Keep the spectrum of a pixel in the plot."""

    def clear_pins(self) -> None:
        """Remove the pinned spectra."""

    def pinned_library(self) -> SpectralLibrary | None:
        """The pinned spectra, or None."""


class LabelFile(Protocol):
    """The label file that the labels were read from or saved to."""

    @property
    def label_path(self) -> Path | None:
        """Path to which the labels were saved last."""

    def save(self) -> None:
        """Save there."""

    def save_now(self, path: Path) -> bool:
        """Save before the document is left; False if that failed."""

    def save_to(self, path: Path) -> None:
        """Save somewhere else."""


class Labelling(Protocol):
    """The classes and the tools."""

    @property
    def active_class(self) -> int | None:
        """Id of the class that tools paint."""

    def take_class(self, class_id: int) -> None:
        """Let tools paint a class."""

    @property
    def tool(self) -> ToolName:
        """The active tool."""

    @property
    def files(self) -> LabelFile:
        """Label files."""

    def ask_for_class(self) -> None:
        """Tell that a class is needed, with a button that adds one."""

    def undo_choice(self) -> Choice:
        """A button that undoes the step that a message reports, and no other."""


class Exporting(Protocol):
    """Exports of maps and spectra."""

    def choose_spectra(self) -> None:
        """Ask where to save the pinned spectra."""


class Applying(Protocol):
    """Maps of models that were trained elsewhere."""

    def show_written(
        self, folder: Path, part: Box | None = None, standardise: Standardise = "training"
    ) -> None:
        """Show the map of the open scene, or of a part, that `apply` has written into a folder."""


class Runs(Protocol):
    """The list of runs."""

    unkept: Prediction | None  # a map that no training made and whose run isn't written yet

    def keep_map(self, made: MadeMap) -> int | None:
        """Keep a map that no training made; the number of its run, None where none is kept."""

    def note_shown(self, run_id: int | None) -> None:
        """Take note that the map of a run is on the screen."""


class Sessions(Protocol):
    """The session of the open document."""

    shown_run: int | None
    run_pending: bool

    @property
    def known_run(self) -> int | None:
        """Number of the run of the map on the screen; None while it is still being saved."""

    @property
    def session(self) -> Session | None:
        """The session, or None."""

    @property
    def changed(self) -> SignalInstance:
        """Signal: another session, or its runs, notes or file changed."""

    @property
    def restored(self) -> SignalInstance:
        """Signal with a session that had something in it and is on the screen."""

    def data(self) -> SessionData | None:
        """The session's data as they are on the screen."""

    def keep_data(self) -> None:
        """Write notes, view and the like beside the journal, in the background."""

    def recover(self, leftover: RecoverableSession, source: str) -> None:
        """Open a scene with the work that a program left behind."""

    def open_project(self, path: Path, data: SessionData, source: str) -> None:
        """Open a scene with the session in a session file."""


class Stateful(Protocol):
    """A feature as the session sees it."""

    key: str

    def session_state(self) -> dict[str, Any]:
        """State for a session file."""

    def restore_session_state(self, state: dict[str, Any]) -> None:
        """Take what `session_state` gave."""


class Context(QObject):
    """The shared parts of a window, for its features.

    Attributes
    ----------
    window : parent of dialogs and menus.
    painting : paints the window once, where much changes at this moment.
    workspace, docking, canvas, plot, offers, notices, welcome, readout, busy : parts of the window.
    plug_ins : what packages outside brought.
    dismissible : close what lies over the image, by Escape; False where nothing does.
    file_uses : what takes a file of labels, or a spectral library; filled by those who can.
    set_theme, may_leave, open : what the window does when it is asked.
    arrange_own : brings an arrangement of panels that the user saved.
    opening, viewing, labelling, exporting, applying, runs, sessions : features, as the others
        see them.
    features : every feature, in order, once all are made.
    map_marks : scale bar and north arrow of the scene.
    commands, tool_bar : made from the answers of the features.
    """

    opening: Opening
    viewing: Viewing
    labelling: Labelling
    exporting: Exporting
    applying: Applying
    runs: Runs
    sessions: Sessions
    commands: CommandTable
    map_marks: MapMarks
    tool_bar: QToolBar
    set_theme: Callable[[ThemeChoice], None]
    may_leave: Callable[[], bool]
    arrange_own: Callable[[str], None]

    def __init__(self, window: QMainWindow, workspace: Workspace) -> None:
        super().__init__(window)
        self.window, self.workspace = window, workspace
        self.plug_ins = PlugIns(workspace)
        self.painting = LatePainting(window)
        self.docking = Docking(window)
        self.canvas = ImageCanvas()
        self.plot = SpectrumPlot()
        self.offers, self.notices = OfferBar(), NoticeBar()
        self.welcome = Welcome()
        self.readout = Readout()
        self.busy = BusyBar()
        self.dismissible: list[Callable[[], bool]] = []
        self.file_uses: dict[Use, Callable[[Path], None]] = {}
        self.features: Sequence[Stateful] = ()

"""MainWindow: the image in the middle, docks around it, menus from the command table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from hsi_viewer.preferences.settings import Settings, save_settings
from hsi_viewer.ui.commands.catalogue import main_commands
from hsi_viewer.ui.commands.menu_order import arranged
from hsi_viewer.ui.commands.table import CommandTable
from hsi_viewer.ui.dialogs import Leave, ask_to_leave
from hsi_viewer.ui.docking import Docking, Panel
from hsi_viewer.ui.features.application.activity import ActivityController
from hsi_viewer.ui.features.catalogue import FEATURES
from hsi_viewer.ui.features.display.viewing import ViewController
from hsi_viewer.ui.features.exporting.exporting import ExportController
from hsi_viewer.ui.features.labelling.labelling import LabelController
from hsi_viewer.ui.features.labelling.tool_bar import ToolRail
from hsi_viewer.ui.features.opening.metadata_editing import MetadataController
from hsi_viewer.ui.features.opening.opening import OpenController, OpenedCube
from hsi_viewer.ui.features.opening.repairing import RepairController
from hsi_viewer.ui.features.sessions.projects import ProjectController
from hsi_viewer.ui.features.sessions.sessions import SessionController
from hsi_viewer.ui.features.sessions.stepping import StepController
from hsi_viewer.ui.features.training.torch_preload import TrainerImport
from hsi_viewer.ui.features.training.training import TrainController
from hsi_viewer.ui.menus import Menus
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.scene.image_canvas import ImageCanvas
from hsi_viewer.ui.theme import ThemeChoice, application_icon, apply_theme
from hsi_viewer.ui.tools.catalogue import ToolName
from hsi_viewer.ui.widgets.accuracy_panel import AccuracyPanel
from hsi_viewer.ui.widgets.busy_bar import BusyBar
from hsi_viewer.ui.widgets.class_panel import ClassPanel
from hsi_viewer.ui.widgets.display_panel import DisplayPanel
from hsi_viewer.ui.widgets.notice_bar import NoticeBar
from hsi_viewer.ui.widgets.offer_bar import OfferBar
from hsi_viewer.ui.widgets.readout import Readout
from hsi_viewer.ui.widgets.spectrum_panel import SpectrumPanel
from hsi_viewer.ui.widgets.training_panel import TrainingPanel
from hsi_viewer.ui.widgets.welcome import Welcome
from hsi_viewer.ui.workspace import Workspace

CLOSE_WAIT_MS = 20_000  # a worker answers within a second; importing torch may take longer


class MainWindow(QMainWindow):
    """The application's one window.

    Parameters
    ----------
    settings : read at the start, changed while running, saved on closing.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        self.workspace = Workspace(settings, self)
        self.docking = Docking(self)
        self.docks = self.docking.docks
        self.canvas = ImageCanvas()
        self.plot = SpectrumPlot()
        self.spectrum = SpectrumPanel(self.plot)
        self.display = DisplayPanel()
        self.classes = ClassPanel()
        self.train_panel = TrainingPanel()
        self.accuracy_panel = AccuracyPanel()
        self.notices = NoticeBar()
        self.offers = OfferBar()
        self.welcome = Welcome()
        self.readout = Readout()
        self.busy = BusyBar()
        self.activity = ActivityController(self.workspace.tasks, self.busy, self)

        self.opening = OpenController(self.workspace, self, self.may_leave)
        self.repairing = RepairController(self.workspace, self, self.opening.open, self.offers)
        self.metadata = MetadataController(self.workspace, self)
        self.viewing = ViewController(
            self.workspace, self.canvas, self.plot, self.display, self.readout, self
        )
        self.stepping = StepController(self.workspace, self)
        self._closing = False
        self.labelling = LabelController(self.workspace, self.canvas, self.classes, self)
        self.repairing.uses["labels"] = self.labelling.files.take
        self.tooling = ToolRail(self)
        self.training = TrainController(self.workspace, self.train_panel, self.accuracy_panel, self)
        self.trainer_import = TrainerImport(self.workspace, self)
        self.exporting = ExportController(self.workspace, self, self.viewing.pinned_library)
        self.sessions = SessionController(self)
        self.projects = ProjectController(self)
        self.features = [make(self) for make in FEATURES]

        self._lay_out()
        self.commands = CommandTable(
            arranged([*main_commands(self), *(c for f in self.features for c in f.commands())]),
            self,
            settings.shortcuts,
        )
        self.menus = Menus(self)
        self.tooling.make_bar()
        self.brush_size = self.tooling.options.brush_size
        self._connect()
        self.docking.finish()
        self.docking.restore(settings)
        self._refresh_theme()
        self.workspace.state_changed.emit()
        if self.commands.key_map.problems:
            told = " ".join(self.commands.key_map.problems)
            self.workspace.notify(f"Some of your shortcuts were left out. {told}", "warning")

    # layout ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.notices)
        layout.addWidget(self.offers)
        layout.addWidget(self.welcome, 1)
        layout.addWidget(self.tooling.options)
        layout.addWidget(self.canvas, 1)
        self.canvas.hide()
        centre.setFocusProxy(self.canvas)
        self.setCentralWidget(centre)
        own = (
            Panel("Display", lambda: self.display, "left"),
            Panel("Spectrum", lambda: self.spectrum, "left"),
            Panel("Classes", lambda: self.classes, "right"),
            Panel("Training", lambda: self.train_panel, "right"),
            Panel("Accuracy", lambda: self.accuracy_panel, "right", "Training"),
        )
        for panel in own:
            self.docking.add(replace(panel, shown=True, at_once=True))
        for panel in (p for f in self.features for p in f.panels()):
            self.docking.add(panel)
        self.status_bar = self.statusBar()
        self.status_bar.setSizeGripEnabled(False)
        self.status_bar.addWidget(self.readout, 1)
        self.status_bar.addPermanentWidget(self.busy)
        self.resize(1280, 800)

    def _connect(self) -> None:
        self.opening.opened.connect(self._on_opened)
        self.opening.opened.connect(self.repairing.check)
        self.opening.refused.connect(self.repairing.explain)
        self.opening.kept.connect(self.repairing.take_back)
        self.opening.labels_found.connect(self.repairing.ask_labels)
        self.workspace.document_changed.connect(self.notices.forget)
        self.workspace.noticed.connect(self.notices.show_notice)
        self.workspace.state_changed.connect(self._on_state)
        self.display.show_map.toggled.connect(self._on_state)
        self.display.show_labels.toggled.connect(self._on_state)
        self.welcome.open_requested.connect(self.opening.choose)
        self.welcome.sample_requested.connect(self.opening.open_sample)
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(self._on_system_theme)

    # what the user asks for ------------------------------------------------------------------

    def open(self, source: str) -> None:
        """Open a cube."""
        self.opening.open(source)

    @Slot()
    def undo(self) -> None:
        """Take back the last gesture."""
        self.stepping.undo()

    @Slot()
    def redo(self) -> None:
        """Carry out again what was undone last."""
        self.stepping.redo()

    def choose_tool(self, name: ToolName, _checked: bool = True) -> None:
        """Make a tool active."""
        self.labelling.use_tool(name)
        self.canvas.setFocus()

    @Slot()
    def cancel_current(self) -> None:
        """Cancel what is being drawn, else what runs."""
        if not self.canvas.cancel_gesture():
            self.activity.cancel_all()

    def set_theme(self, choice: ThemeChoice, _checked: bool = True) -> None:
        """Show the window light, dark, or as the desktop is."""
        self.workspace.settings.theme = choice
        self._refresh_theme()
        self._on_state()

    # reactions -------------------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, opened: OpenedCube) -> None:
        self.welcome.hide()
        self.canvas.show()
        self.viewing.show_opened(opened)
        self.canvas.setFocus()
        self._on_state()
        self.trainer_import.start_soon()

    @Slot()
    def _on_state(self) -> None:
        if self.opening.taking_over:
            return
        document = self.workspace.document
        self.commands.refresh()
        name = document.cube.name if document else ""
        self.setWindowTitle(f"{name}[*] — HSI Viewer" if name else "HSI Viewer[*]")
        self.setWindowModified(bool(self.sessions.unsaved()))

    @Slot(Qt.ColorScheme)
    def _on_system_theme(self, _scheme: Qt.ColorScheme) -> None:
        if self.workspace.settings.theme == "system":
            self._refresh_theme()

    def _refresh_theme(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            settings = self.workspace.settings
            theme = apply_theme(app, settings.theme, settings.text_percent)
            self.canvas.setBackground(theme["canvas"])
        self.commands.refresh_icons()
        for panel in (self.plot, self.display, self.classes, self.train_panel, self.welcome):
            panel.refresh_theme()
        for feature in self.features:
            feature.refresh_theme()
        self.busy.refresh_theme()
        self.notices.refresh_theme()
        self.offers.refresh_theme()
        self.tooling.options.refresh_theme()

    # drag and drop, closing ------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file that was dropped."""
        event.acceptProposedAction()
        dropped = [Path(url.toLocalFile()) for url in event.mimeData().urls()]
        # of the parts of a shapefile the one that is opened
        dropped.sort(key=lambda path: path.suffix.lower() != ".shp")
        if len({path.name.partition(".")[0] for path in dropped}) > 1:  # an ENVI pair is one
            self.workspace.notify(
                f"{len(dropped)} files were dropped; {dropped[0].name} is opened: one scene is "
                "open at a time."
            )
        self.open(str(dropped[0]))

    def may_leave(self) -> bool:
        """Ask about unsaved labels and a running training; True when both are settled."""
        running = "Training" if self.training.running else None
        answer = ask_to_leave(self, self.sessions.unsaved(), running)
        if answer is Leave.SAVE and not self.projects.save_now():
            return False
        if answer is Leave.STAY or not all(f.may_leave() for f in self.features):
            return False
        if answer is Leave.DISCARD and self.workspace.document is not None:
            self.workspace.document.abandon()
        self.training.cancel()
        return True

    def _may_close(self) -> bool:
        self._closing = True  # the event loop goes on meanwhile
        try:
            return self.may_leave() and self.sessions.finish()
        finally:
            self._closing = False

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask, stop the workers, remember the layout."""
        if self._closing or not self._may_close():
            event.ignore()
            return
        settings = self.workspace.settings
        self.docking.save(settings)
        save_settings(settings)
        self.hide()
        alive = self.workspace.tasks.cancel_all(CLOSE_WAIT_MS)
        if alive:
            self.show()
            self.workspace.notify(f"Still stopping: {', '.join(alive)}. Close again.", "warning")
            event.ignore()
            return
        self.trainer_import.close()
        self.sessions.close()
        for feature in self.features:
            feature.close()
        event.accept()
        super().closeEvent(event)

"""MainWindow: the image in the middle, docks around it, menus from the command table."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMenu,
    QSpinBox,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer import __version__
from hsi_viewer.core.assets import resource_path
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.session.cube_text import describe_cube
from hsi_viewer.session.settings import Settings, save_settings
from hsi_viewer.ui.adapters.image_canvas import ImageCanvas
from hsi_viewer.ui.adapters.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.commands.catalogue import main_commands
from hsi_viewer.ui.commands.palette import CommandPalette, ShortcutPage
from hsi_viewer.ui.commands.table import CommandTable
from hsi_viewer.ui.controllers.exporting import ExportController
from hsi_viewer.ui.controllers.labelling import LabelController, ToolName
from hsi_viewer.ui.controllers.opening import OpenController, OpenedCube
from hsi_viewer.ui.controllers.repairing import RepairController
from hsi_viewer.ui.controllers.training import TrainController
from hsi_viewer.ui.controllers.viewing import ViewController
from hsi_viewer.ui.dialogs import Leave, TextDialog, ask_to_leave
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.theme import ThemeChoice, application_icon, apply_theme, icon
from hsi_viewer.ui.tools.brush import MAX_SIZE
from hsi_viewer.ui.widgets.accuracy_panel import AccuracyPanel
from hsi_viewer.ui.widgets.busy_bar import BusyBar
from hsi_viewer.ui.widgets.class_panel import ClassPanel
from hsi_viewer.ui.widgets.display_panel import DisplayPanel
from hsi_viewer.ui.widgets.notice_bar import NoticeBar
from hsi_viewer.ui.widgets.readout import Readout
from hsi_viewer.ui.widgets.training_panel import TrainingPanel
from hsi_viewer.ui.widgets.welcome import Welcome
from hsi_viewer.ui.workspace import Workspace

CLOSE_WAIT_MS = 20_000  # a worker answers within a second; importing torch may take longer
LAYOUT_VERSION = 1


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
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
        )
        self.workspace = Workspace(settings, self)
        self.canvas = ImageCanvas()
        self.plot = SpectrumPlot()
        self.display = DisplayPanel()
        self.classes = ClassPanel()
        self.train_panel = TrainingPanel()
        self.accuracy_panel = AccuracyPanel()
        self.notices = NoticeBar()
        self.welcome = Welcome()
        self.readout = Readout()
        self.busy = BusyBar()

        self.opening = OpenController(self.workspace, self, self.may_leave)
        self.repairing = RepairController(self.workspace, self, self.opening.open)
        self.viewing = ViewController(
            self.workspace, self.canvas, self.plot, self.display, self.readout, self
        )
        self.labelling = LabelController(self.workspace, self.canvas, self.classes, self)
        self.training = TrainController(self.workspace, self.train_panel, self.accuracy_panel, self)
        self.exporting = ExportController(self.workspace, self, self.viewing.pinned_library)

        self._lay_out()
        self.commands = CommandTable(main_commands(self), self)
        self._make_menus()
        self._connect()
        self._default_state = self.saveState(LAYOUT_VERSION)
        self._restore_layout()
        self._refresh_theme()
        self.workspace.state_changed.emit()

    # layout ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.notices)
        layout.addWidget(self.welcome, 1)
        layout.addWidget(self.canvas, 1)
        self.canvas.hide()
        self.setCentralWidget(centre)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.docks = {
            "Display": self._dock("Display", self.display, left),
            "Spectrum": self._dock("Spectrum", self.plot, left),
            "Classes": self._dock("Classes", self.classes, right),
            "Training": self._dock("Training", self.train_panel, right),
            "Accuracy": self._dock("Accuracy", self.accuracy_panel, right),
        }
        self.tabifyDockWidget(self.docks["Training"], self.docks["Accuracy"])
        self.docks["Training"].raise_()
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.status_bar = self.statusBar()
        self.status_bar.setSizeGripEnabled(False)
        self.status_bar.addWidget(self.readout, 1)
        self.status_bar.addPermanentWidget(self.busy)
        self.resize(1280, 800)
        self._size_docks()

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(title)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _size_docks(self) -> None:
        docks = self.docks
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.resizeDocks([docks["Display"], docks["Classes"]], [300, 310], horizontal)
        self.resizeDocks([docks["Display"], docks["Spectrum"]], [260, 400], vertical)
        self.resizeDocks([docks["Classes"], docks["Training"]], [330, 330], vertical)

    def _make_menus(self) -> None:
        self.menus = self.commands.fill_menus(self.menuBar())
        self.recent = QMenu("Open &recent", self)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.public = QMenu("Open a public scene", self)
        self.public.aboutToShow.connect(self._fill_public)
        for menu in (self.recent, self.public):
            self.menus["&File"].insertMenu(self.commands.action("file.save"), menu)
        panels = QMenu("&Panels", self)
        for dock in self.docks.values():
            panels.addAction(dock.toggleViewAction())
        self.menus["&View"].insertMenu(self.commands.action("view.reset"), panels)

        bar = QToolBar("Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.addToolBar(bar)
        self.commands.fill_toolbar(bar)
        for command in self.commands.commands:
            button = bar.widgetForAction(self.commands.action(command.id))
            if isinstance(button, QToolButton) and command.text:
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.brush_size = QSpinBox()
        self.brush_size.setRange(1, MAX_SIZE)
        self.brush_size.setSingleStep(2)
        self.brush_size.setPrefix("size ")
        self.brush_size.setSuffix(" px")
        self.brush_size.setToolTip("Diameter of brush and eraser in pixels ( [ and ] )")
        self.brush_size.setAccessibleName("Brush size")
        self.brush_size.setValue(self.workspace.settings.brush_size)
        self.brush_size.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.brush_size.valueChanged.connect(self.labelling.set_brush_size)
        bar.insertWidget(self.commands.action("train.start"), self.brush_size)
        self.tool_bar = bar

    def _connect(self) -> None:
        self.opening.opened.connect(self._on_opened)
        self.opening.refused.connect(self.repairing.explain)
        self.workspace.noticed.connect(self.notices.show_notice)
        self.workspace.state_changed.connect(self._on_state)
        self.workspace.tasks.started.connect(self._on_task)
        self.workspace.tasks.changed.connect(self._on_tasks)
        self.busy.cancel_requested.connect(self.cancel_tasks)
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
        if self.workspace.document is not None:
            self.workspace.document.history.undo()

    @Slot()
    def redo(self) -> None:
        """Carry out again what was undone last."""
        if self.workspace.document is not None:
            self.workspace.document.history.redo()

    def choose_tool(self, name: ToolName, _checked: bool = True) -> None:
        """Make a tool active."""
        self.labelling.use_tool(name)
        self.canvas.setFocus()

    @Slot()
    def cancel_current(self) -> None:
        """Cancel what is being drawn, else what runs."""
        if not self.canvas.cancel_gesture():
            self.cancel_tasks()

    @Slot()
    def cancel_tasks(self) -> None:
        """Cancel all running tasks."""
        for task in self.workspace.tasks.running:
            task.cancel()

    @Slot()
    def open_palette(self) -> None:
        """Open the command palette."""
        self.commands.refresh()
        CommandPalette(self.commands, self).open()

    @Slot()
    def open_shortcuts(self) -> None:
        """Open the page of keys."""
        ShortcutPage(self.commands, self).show()

    @Slot()
    def open_first_steps(self) -> None:
        """Open the help."""
        text = resource_path("help", "first-steps.md").read_text(encoding="utf-8")
        TextDialog("First steps", text, self).show()

    @Slot()
    def open_about_scene(self) -> None:
        """Show licence, citation and metadata of the scene."""
        document = self.workspace.document
        if document is not None:
            TextDialog("About this scene", describe_cube(document.cube), self).show()

    @Slot()
    def open_about(self) -> None:
        """Show the version and the licence of the application."""
        text = (
            f"## HSI Viewer {__version__}\n\nClassify hyperspectral images from a few labelled "
            "pixels.\n\nBSD 3-Clause licence. The classifier implements the idea of "
            "self-distillation for hyperspectral images (Singh et al., arXiv 2601.07416); "
            "its figures are this project's own measurements."
        )
        TextDialog("About HSI Viewer", text, self).show()

    def set_theme(self, choice: ThemeChoice, _checked: bool = True) -> None:
        """Show the window light, dark, or as the desktop is."""
        self.workspace.settings.theme = choice
        self._refresh_theme()
        self._on_state()

    @Slot()
    def reset_layout(self) -> None:
        """Put every dock back where it was at the first start."""
        self.restoreState(self._default_state, LAYOUT_VERSION)
        for dock in self.docks.values():
            dock.show()
        self.docks["Training"].raise_()
        self._size_docks()

    # reactions -------------------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, opened: OpenedCube) -> None:
        self.welcome.hide()
        self.canvas.show()
        self.viewing.show_opened(opened)
        self.canvas.setFocus()
        self._on_state()
        self.workspace.tasks.start("Getting the trainer ready", import_trainer, quiet=True)

    @Slot()
    def _on_state(self) -> None:
        document = self.workspace.document
        self.commands.refresh()
        if self.brush_size.value() != self.labelling.brush_size:
            self.brush_size.setValue(self.labelling.brush_size)
        name = document.cube.name if document else ""
        self.setWindowTitle(f"{name}[*] — HSI Viewer" if name else "HSI Viewer[*]")
        self.setWindowModified(document is not None and document.modified)

    @Slot(object)
    def _on_task(self, task: Task) -> None:
        if not task.quiet:
            task.reported.connect(self._on_task_report)
            self.busy.show_busy(task.title)

    @Slot(object)
    def _on_task_report(self, item: object) -> None:
        if isinstance(item, Progress) and self.workspace.tasks.running:
            self.busy.show_busy(item.message, item.fraction)

    @Slot()
    def _on_tasks(self) -> None:
        shown = [t for t in self.workspace.tasks.running if not t.quiet]
        if shown:
            self.busy.show_busy(shown[-1].title)
        else:
            self.busy.hide()

    @Slot()
    def _fill_recent(self) -> None:
        self.recent.clear()
        for source in self.workspace.settings.recent_files:
            action = self.recent.addAction(source)
            action.setData(source)
            action.triggered.connect(self._on_recent)
        if self.recent.isEmpty():
            self.recent.addAction("Nothing was opened yet").setEnabled(False)

    @Slot()
    def _fill_public(self) -> None:
        from hsi_viewer.io.scenes import PREFIX, scenes  # slow to import

        if self.public.isEmpty():
            for scene in scenes().values():
                action = self.public.addAction(scene.title)
                action.setData(f"{PREFIX}{scene.id}")
                action.triggered.connect(self._on_recent)

    @Slot()
    def _on_recent(self) -> None:
        action = self.sender()
        self.open(action.data())  # type: ignore[attr-defined]

    @Slot(Qt.ColorScheme)
    def _on_system_theme(self, _scheme: Qt.ColorScheme) -> None:
        if self.workspace.settings.theme == "system":
            self._refresh_theme()

    def _refresh_theme(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme = apply_theme(app, self.workspace.settings.theme)
            self.canvas.setBackground(theme["canvas"])
        self.commands.refresh_icons()
        for panel in (self.plot, self.display, self.classes, self.train_panel, self.welcome):
            panel.refresh_theme()
        self.busy.cancel.setIcon(icon("close-circle-outline"))

    # drag and drop, closing ------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file that was dropped."""
        event.acceptProposedAction()
        self.open(str(Path(event.mimeData().urls()[0].toLocalFile())))

    def may_leave(self) -> bool:
        """Ask about unsaved labels and a running training; True when both are settled."""
        document = self.workspace.document
        unsaved = document is not None and document.modified
        running = "Training" if self.training.running else None
        answer = ask_to_leave(self, unsaved, running)
        if answer is Leave.SAVE and not self.labelling.save_now():
            return False
        if answer is Leave.STAY:
            return False
        self.training.cancel()
        return True

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask, stop the workers, remember the layout."""
        if not self.may_leave():
            event.ignore()
            return
        settings = self.workspace.settings
        settings.window_geometry = _text(self.saveGeometry())
        settings.window_state = _text(self.saveState(LAYOUT_VERSION))
        save_settings(settings)
        self.hide()
        alive = self.workspace.tasks.cancel_all(CLOSE_WAIT_MS)
        if alive:
            self.show()
            self.workspace.notify(f"Still stopping: {', '.join(alive)}. Close again.", "warning")
            event.ignore()
            return
        event.accept()
        super().closeEvent(event)

    def _restore_layout(self) -> None:
        settings = self.workspace.settings
        if settings.window_geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode()))
        if settings.window_state:
            self.restoreState(QByteArray.fromBase64(settings.window_state.encode()), LAYOUT_VERSION)


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")


def import_trainer(token: CancelToken, _port: ProgressPort) -> None:
    """Import torch ahead of time, so that the first Train does not wait for it."""
    for module in ("scipy.ndimage", "sklearn.svm", "torch", "hsi_viewer.learning.trainer"):
        token.check()
        import_module(module)

"""The whole job as a person does it: the real main(), real mouse events, real training."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox

from hsi_viewer.cli import main
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.products.sample_scene import sample_labels
from hsi_viewer.learning.training_loop import Learner
from hsi_viewer.ui.features.exporting.export_dialog import ExportDialog
from hsi_viewer.ui.main_window import MainWindow
from tests.patience import PATIENCE

CLASSES = (2, 5, 6, 8, 10, 11, 12, 14)  # of the scene, those with large fields
STROKES_PER_CLASS = 3
STROKE_LENGTH = 6
LEFT = Qt.MouseButton.LeftButton

Step = Callable[[], bool]


class Session:
    """Runs a job of steps inside the application's event loop and closes the window after it."""

    def __init__(self, job: Callable[[MainWindow], Iterator[Step]]) -> None:
        self._job, self._deadline = job, time.monotonic() + 5 * PATIENCE
        self._steps: Iterator[Step] | None = None
        self._until: Step = lambda: bool(self._window())
        self.error: BaseException | None = None
        self._timer = QTimer(interval=20)
        self._timer.timeout.connect(self._poll)
        self._timer.start()

    def _window(self) -> MainWindow | None:
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
        return found[0] if found and found[0].isVisible() else None

    def _poll(self) -> None:
        try:
            assert time.monotonic() < self._deadline, "the job did not end in time"
            if self._until():
                window = self._window()
                self._steps = self._steps or self._job(window)
                self._until = next(self._steps)
        except StopIteration:
            self._end()
        except BaseException as error:  # noqa: BLE001 - raised again in the test
            self.error = error
            self._end()

    def _end(self) -> None:
        self._timer.stop()
        window = self._window()
        if window is not None:
            window.may_leave = lambda: True
            window.close()


def run_main(arguments: list[str], job) -> int:
    session = Session(job)
    status = main(arguments)
    if session.error is not None:
        raise session.error
    return status


def strokes(truth: np.ndarray, class_id: int, rng) -> list[tuple[int, int]]:
    """Starts of horizontal strokes that stay in the class."""
    inside = truth == class_id
    runs = inside.copy()
    for shift in range(1, STROKE_LENGTH):
        runs[:, :-shift] &= inside[:, shift:]
    starts = np.argwhere(runs)
    return [
        tuple(int(v) for v in starts[i]) for i in rng.permutation(len(starts))[:STROKES_PER_CLASS]
    ]


def paint(window: MainWindow, row: int, column: int) -> None:
    """One real stroke along a row."""
    canvas = window.context.canvas
    viewport = canvas.viewport()
    first = canvas.widget_position(row, column).toPoint()
    last = canvas.widget_position(row, column + STROKE_LENGTH - 1).toPoint()
    QTest.mousePress(viewport, LEFT, pos=first)
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        QPointF(last),
        QPointF(viewport.mapToGlobal(last)),
        Qt.MouseButton.NoButton,
        LEFT,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(viewport, move)
    QTest.mouseRelease(viewport, LEFT, pos=last)


@pytest.fixture
def settings_folder(own_settings):
    return own_settings


def test_open_label_train_map_export(qapp, settings_folder, few_steps, tmp_path):
    truth = sample_labels()
    rng = np.random.default_rng(0)
    seen: dict[str, object] = {}

    def job(window: MainWindow) -> Iterator[Step]:
        yield lambda: window.workspace.document is not None
        document = window.workspace.document
        for n, class_id in enumerate(CLASSES):
            QTest.keyClick(window.context.canvas, Qt.Key.Key_A)
            painted = document.legend.classes[n]
            document.rename_class(painted.id, document.cube.class_names[class_id])
            for row, column in strokes(truth, class_id, rng):
                paint(window, row, column)
            assert document.labels.count(painted.id) > STROKE_LENGTH
        labels = document.labels.snapshot().ids
        for n, class_id in enumerate(CLASSES, start=1):
            assert set(truth[labels == n]) == {class_id}
        shown: list[Prediction | None] = []
        document.prediction_changed.connect(lambda: shown.append(document.prediction))
        QTest.mouseClick(window.panel("training").train_button, LEFT)
        yield lambda: bool(shown)
        seen["first"] = shown[0]  # there may be more by now
        yield lambda: not window.feature("training").training.running
        yield lambda: not window.context.sessions.run_pending and not window.workspace.tasks.running
        seen["final"], seen["labels"] = document.prediction, labels
        seen["legend"] = document.legend.classes
        QTimer.singleShot(0, window.commands.action("file.export").trigger)
        yield lambda: isinstance(QApplication.activeModalWidget(), ExportDialog)
        dialog = QApplication.activeModalWidget()
        assert dialog.name.text() == "Indian_Pines_run1_classes"
        dialog.folder.setText(str(tmp_path / "out"))
        dialog.name.setText("class_map")
        QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Save), LEFT)
        yield lambda: any("Exported to" in t for t in window.notices.texts())

    assert run_main(["sample:indian-pines"], job) == 0

    first, final = seen["first"], seen["final"]
    assert not first.final
    assert first.source.startswith("instant model")
    assert final.final
    wanted = np.zeros_like(truth)
    for n, class_id in enumerate(CLASSES, start=1):
        wanted[truth == class_id] = n
    scored = (wanted > 0) & (seen["labels"] == 0)
    agreement = (final.class_map[scored] == wanted[scored]).mean()
    chance = max(np.bincount(wanted[scored])) / scored.sum()
    # Chance, always naming the commonest of the eight classes, is about 0.30.
    assert chance < 0.35
    assert agreement > 0.75, f"agreement {agreement:.3f}"

    check_export(tmp_path / "out", final, seen["legend"])


def check_export(folder, final, legend) -> None:
    """Other programs' libraries read the same ids, names and colours."""
    import rasterio
    import spectral.io.envi as envi

    image = envi.open(str(folder / "class_map.hdr"), str(folder / "class_map.img"))
    np.testing.assert_array_equal(image.open_memmap()[:, :, 0], final.class_map)
    names, colours = image.metadata["class names"], image.metadata["class lookup"]
    assert image.metadata["file type"] == "ENVI Classification"
    assert int(image.metadata["classes"]) == len(CLASSES) + 1
    assert names == ["Unclassified", *(c.name for c in legend)]
    flat = [int(v) for v in colours]
    assert flat == [0, 0, 0, *(v for c in legend for v in c.colour)]
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        raster = rasterio.open(folder / "class_map.img")
    with raster:
        np.testing.assert_array_equal(raster.read(1), final.class_map)
        assert raster.colormap(1)[2][:3] == legend[1].colour
    np.testing.assert_array_equal(np.load(folder / "class_map.npy"), final.class_map)
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        tif = rasterio.open(folder / "class_map.tif")  # the scene has no place
    with tif:
        np.testing.assert_array_equal(tif.read(1), final.class_map)
    assert (folder / "class_map.png").stat().st_size > 10_000


def test_cancel_ends_real_training_with_the_step_that_runs(qapp, settings_folder, monkeypatch):
    truth = sample_labels()
    rng = np.random.default_rng(1)
    begun: list[int] = []
    cancelled = threading.Event()
    real = Learner._step

    def counted(self, step, tally):
        begun.append(step)
        if step == 25:
            assert cancelled.wait(PATIENCE)
        return real(self, step, tally)

    monkeypatch.setattr(Learner, "_step", counted)

    def job(window: MainWindow) -> Iterator[Step]:
        yield lambda: window.workspace.document is not None
        for class_id in CLASSES[:3]:
            QTest.keyClick(window.context.canvas, Qt.Key.Key_A)
            for row, column in strokes(truth, class_id, rng):
                paint(window, row, column)
        QTest.mouseClick(window.panel("training").train_button, LEFT)
        yield (lambda: len(begun) == 26 and window.panel("training").epochs_shown() > 1)
        QTest.keyClick(window.context.canvas, Qt.Key.Key_Escape)
        assert not window.feature("training").training.running
        cancelled.set()
        yield lambda: not window.workspace.tasks._tasks

    assert run_main(["open", "sample:indian-pines"], job) == 0
    assert begun == list(range(26))


def test_closing_in_the_middle_of_real_training(qapp, settings_folder):
    truth = sample_labels()
    rng = np.random.default_rng(2)

    def stop_it() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            box.buttons()[0].click()
        else:
            QTimer.singleShot(20, stop_it)

    def job(window: MainWindow) -> Iterator[Step]:
        yield lambda: window.workspace.document is not None
        for class_id in CLASSES[:2]:
            QTest.keyClick(window.context.canvas, Qt.Key.Key_A)
            for row, column in strokes(truth, class_id, rng):
                paint(window, row, column)
        window.workspace.document.mark_saved()
        QTest.mouseClick(window.panel("training").train_button, LEFT)
        yield lambda: window.panel("training").epochs_shown() > 0
        QTimer.singleShot(50, stop_it)
        assert window.close()

    assert run_main(["sample:indian-pines"], job) == 0


def test_screenshot_of_the_sample_scene(qapp, settings_folder, tmp_path):
    path = tmp_path / "window.png"
    assert main(["sample:indian-pines", "--screenshot", str(path)]) == 0
    from PySide6.QtGui import QImage

    image = QImage(str(path))
    assert (image.width(), image.height()) == (1280, 800)
    middle = {image.pixel(x, 400) for x in range(420, 860)}
    assert len(middle) > 50  # a scene, not a blank


def test_screenshot_of_a_file_that_does_not_open(qapp, settings_folder, tmp_path, capsys):
    path = tmp_path / "window.png"
    assert main([str(tmp_path / "absent.hdr"), "--screenshot", str(path)]) == 1
    assert "absent.hdr" in capsys.readouterr().err

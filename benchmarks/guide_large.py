"""The guide on a scene of 24 GB in the real window: python -m benchmarks.guide_large FOLDER.

The scene of benchmarks/repeated_scene.py is written into the folder unless it is there. Each of
some classes gets a stroke of three pixels by the mouse, training is started by its keys and the
guide with its first map; then the guide is answered as benchmarks/guide_window.py does it, with a
pause between two answers in which the window may work. Then, in the middle of the work, the guide
is left, the training is cancelled, and another scene is opened. Written to results/guide_large.csv:
seconds by the clock and of work of the interface's thread, the longest block of that thread, and
memory.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.guide_window import SAMPLE, Person, stroke_in
from benchmarks.repeated_scene import SHAPE, repeated_truth, write_repeated_scene
from benchmarks.scenes import Ids
from benchmarks.table import Table
from benchmarks.ui_actions import LEFT, Heartbeat, Span, memory_mb

ANSWERS, THINKING = 24, 2.0  # answers, and seconds of a person between two
FIELD = 145  # pixels a side of a part of the scene that has every class
SCORED = 40  # every so many rows and a tenth of it columns are scored


class LookingPerson(Person):
    """A person who zooms in on some field before painting, and has patience."""

    patience = 1200.0

    def __init__(self, window: Any, truth: Ids) -> None:
        super().__init__(window, truth)
        self.heart = Heartbeat()

    def label_a_stroke(self, class_id: int, rng: np.random.Generator) -> None:
        """Look at a field somewhere, add a class, and paint three pixels of it."""
        corner = [int(rng.integers(size // FIELD)) * FIELD for size in self.truth.shape]
        top, left = corner
        self.hands.canvas.set_view_box((left, top, FIELD, FIELD))
        QApplication.processEvents()
        self.press("a", *f"Class {class_id}", Qt.Key.Key_Return, "b")
        here = self.truth[top : top + FIELD, left : left + FIELD] == class_id
        path = [(r + top, c + left) for r, c in stroke_in(here, rng)]
        points = [self.hands.canvas.widget_position(float(r), float(c)) for r, c in path]
        self.hands.drag(LEFT, [QPointF(p) for p in points])

    def think(self, seconds: float) -> None:
        """Let the window work for a while."""
        end = time.perf_counter() + seconds
        self.wait(lambda: time.perf_counter() > end)

    def accuracy(self) -> float:
        """Percent of some pixels of the ground truth without labels that a map has right."""
        some = slice(None, None, SCORED), slice(None, None, max(SCORED // 10, 1))
        truth, mapped = self.truth[some], self.document.prediction.class_map[some]
        free = (truth > 0) & (self.document.labels.ids[some] == 0) & (mapped > 0)
        return 100 * float((mapped == truth)[free].mean()) if free.any() else np.nan

    def mapped(self) -> float:
        """Percent of the scene that the map has a class for."""
        some = slice(None, None, SCORED), slice(None, None, SCORED)
        return 100 * float((self.document.prediction.class_map[some] > 0).mean())

    def labelled(self, pixels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some pixels (flat) that have a label."""
        return pixels[self.document.labels.ids.ravel()[pixels] > 0]

    def follows(self, pixels: NDArray[np.int64]) -> bool:
        """Whether the map was made with the labels of some pixels (flat)."""
        return bool(self.document.trained_on.ravel()[pixels].all())


def processor() -> float:
    """Seconds of processor time of this process so far, of all of its threads."""
    used = os.times()
    return used.user + used.system


class Notes:
    """Writes figures of a person's window into the table.

    Parameters
    ----------
    person : whose window it is.
    size : of the scene, in words.
    table : takes the rows.
    """

    def __init__(self, person: LookingPerson, size: str, table: Table) -> None:
        self._person, self._size, self._table = person, size, table
        self._used = processor()

    def add(self, figure: str, value: float, unit: str = "s") -> None:
        """Write a figure with the load of the machine."""
        load = f"{os.getloadavg()[0]:.1f}"
        self._table.add(size=self._size, figure=figure, value=float(value), unit=unit, load=load)
        print(f"{figure}: {value:.3f} {unit}", flush=True)

    def spans(self, figure: str, spans: list[Span]) -> None:
        """Write median and highest of some seconds, by the clock and of work."""
        for how, seconds in (
            ("", [one.clock for one in spans]),
            (", work of the interface's thread", [one.work for one in spans]),
        ):
            self.add(f"{figure}{how}, median", float(np.median(seconds)))
            self.add(f"{figure}{how}, highest", max(seconds))

    def phase(self, during: str) -> None:
        """Write what a phase that ends now took: processor, longest block, memory."""
        self.add(f"processor time while {during}", processor() - self._used)
        self._used = processor()
        self._person.think(0.1)  # until a beat has come
        (longest,) = self._person.heart.longest()
        self.add(f"longest block while {during}", longest.clock)
        self.add(f"longest block while {during}, work of the interface's thread", longest.work)
        memory = memory_mb()
        self.add(f"highest memory until {during}", memory["VmHWM"], "MB")
        self.add(f"memory of its own while {during}", memory["RssAnon"], "MB")


def follow_the_guide(scene: Path, shape: tuple[int, int, int], answers: int, table: Table) -> None:
    """Open, label, train, answer; then leave, cancel, open another scene, and close."""
    from hsi_viewer.app import make_application
    from hsi_viewer.preferences.settings import Settings
    from hsi_viewer.ui import main_window
    from hsi_viewer.ui.dialogs import Leave
    from hsi_viewer.ui.main_window import MainWindow

    make_application()
    main_window.ask_to_leave = lambda *_question: Leave.DISCARD
    window = MainWindow(Settings(theme="light", tour_seen=True))
    window.resize(1920, 1080)
    window.show()
    window.activateWindow()
    person = LookingPerson(window, repeated_truth(*shape[:2]))
    notes = Notes(person, "x".join(map(str, shape)), table)
    open_and_train(person, notes, scene)
    answer_some(person, notes, answers)
    wait_for_maps(person, notes)
    leave_in_the_middle(person, notes, scene)


def open_and_train(person: LookingPerson, notes: Notes, scene: Path) -> None:
    """Open a scene, label a stroke of each class, train, and start the guide."""
    workspace = person.window.workspace
    person.heart.begin()
    person.window.open(str(scene))
    notes.add("from opening to the scene", person.wait(lambda: workspace.document is not None))
    person.wait(lambda: not workspace.tasks.running)
    notes.phase("opening")
    rng = np.random.default_rng(0)
    for class_id in np.unique(person.truth[person.truth > 0]).tolist():
        person.label_a_stroke(class_id, rng)
    person.heart.begin()
    person.hands.canvas.setFocus()
    QTest.keyClick(person.window.windowHandle(), Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    seconds = person.wait(lambda: person.document.prediction is not None)
    notes.add("from Train to the first map", seconds)
    notes.add("mapped by the first map", person.mapped(), "%")
    notes.add("accuracy of the first map, where it is", person.accuracy(), "%")
    notes.phase("the first map comes")
    person.press("h")
    seconds = person.wait(lambda: person.loop.place is not None)
    notes.add("from H to the first place", seconds)
    notes.phase("the first places are looked for")
    ground = person.document.results.ground
    notes.add("pixels looked at for proposals", ground.valid.size, "pixels")


def answer_some(person: LookingPerson, notes: Notes, answers: int) -> None:
    """Answer the guide, with a pause after each answer."""
    next_place, all_follow, maps, follow = [], [], [], []
    person.document.prediction_changed.connect(lambda: maps.append(time.perf_counter()))
    given: list[tuple[float, NDArray[np.int64]]] = []
    person.heart.begin()
    for _ in range(answers):
        began, covered = time.perf_counter(), person.loop.covered()
        painted, followed = person.answer()
        if (labelled := person.labelled(covered)).size:
            given.append((began, labelled))
        next_place.append(painted)
        all_follow.append(followed)
        person.think(THINKING)
        while given and person.follows(given[0][1]):
            follow.append((maps or [time.perf_counter()])[-1] - given.pop(0)[0])
    notes.phase("answering")
    notes.add("answers", answers, "")
    notes.add("maps while answering", len(maps), "")
    notes.add("answers that a map followed meanwhile", len(follow), "")
    notes.add("waited for a place, together", person.waited)
    notes.spans("from an answer to the next place", next_place)
    notes.spans("from an answer to the next answer", all_follow)
    notes.add("accuracy after the answers", person.accuracy(), "%")


def wait_for_maps(person: LookingPerson, notes: Notes) -> None:
    """Wait until the map knows all answers, and then until it knows one more."""
    labelled = np.flatnonzero(person.document.labels.ids)
    seconds = person.wait(lambda: person.follows(labelled))
    notes.add("from the last answer to a map that knows all", seconds)
    notes.phase("the map follows")
    labelled = np.zeros(0, np.int64)
    while not labelled.size:  # no class may be there
        covered = person.loop.covered()
        person.press(*person.keys())
        labelled = person.labelled(covered)
    seconds = person.wait(lambda: person.follows(labelled))
    notes.add("from one more answer to a map that knows it", seconds)
    notes.phase("the map follows one more answer")
    notes.add("accuracy of that map", person.accuracy(), "%")


def leave_in_the_middle(person: LookingPerson, notes: Notes, scene: Path) -> None:
    """Leave the guide, cancel the training, open another scene, and close, each while it works."""
    window, running = person.window, person.window.workspace.tasks
    person.press(Qt.Key.Key_Escape)
    seconds = person.wait(lambda: not person.loop.finder.searching)
    notes.add("from Escape to no search", seconds)
    notes.phase("leaving the guide")
    person.training.cancel()
    notes.add("from Cancel to no training", person.wait(lambda: not person.training.running))
    notes.phase("cancelling")
    person.press("h")
    person.training.train_with_panel()
    person.think(THINKING)
    before = person.document
    window.open(SAMPLE)
    seconds = person.wait(lambda: window.workspace.document not in (None, before))
    notes.add("from opening another scene to its picture", seconds)
    notes.add("from then to no work for the first", person.wait(lambda: not running.running))
    notes.phase("opening another scene")
    sample = person.document
    window.open(str(scene))
    person.wait(lambda: window.workspace.document not in (None, sample))
    for class_id in (2, 11):
        person.label_a_stroke(class_id, np.random.default_rng(1))
    person.press("h")
    person.think(THINKING)
    person.document.abandon()
    began = time.perf_counter()
    window.close()
    notes.add("to close the window in the middle", time.perf_counter() - began)
    notes.add("works after closing", float(bool(running.running)), "")


def main() -> None:
    """Measure on the scene of a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="takes 24 GB")
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--shape", type=int, nargs=3, default=SHAPE, help="for a trial")
    options = parser.parse_args()
    shape = tuple(options.shape)
    scene = write_repeated_scene(options.folder, shape)
    table = Table("guide_large", ("size", "figure"), ("value", "unit", "load"))
    with TemporaryDirectory() as home:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            os.environ[name] = home
        follow_the_guide(scene, shape, options.answers, table)


if __name__ == "__main__":
    main()

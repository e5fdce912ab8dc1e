"""The page "Ten minutes to a good map" followed to the letter: python -m benchmarks.guide_window.

The real window with the sample scene and real events of mouse and keys: each class is added by its
name and gets a stroke of three pixels, then the guide is answered from the ground truth with the
number of a class, X where the ground truth has none, and a period first where the yellow line
crosses the border of two classes; at the end the labels are checked and the final map is trained.
Written to results/guide_window.csv: the accuracy of the map on
everything that is not labelled; the seconds from an answer to the next place, painted; until the
panels have followed, too, and the next answer is taken; and to the map that follows. The work of
the interface's thread is what the clock would say if no other process wanted the core. What a
person needs to look and decide is not in these seconds.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from scipy.ndimage import label as regions_of

from benchmarks.scenes import Ids, indian_pines
from benchmarks.table import Table
from benchmarks.ui_actions import LEFT, Hands, Painted, Span, now, since

SAMPLE = "sample:indian-pines"
ANSWERS, SCORED = 80, 20
PATIENCE = 300.0  # seconds


class Person:
    """Hands on the window, and the ground truth in mind.

    Parameters
    ----------
    window : with the sample scene.
    truth : (rows, columns) class ids.
    """

    patience = PATIENCE
    waited = 0.0  # seconds in which no place was there

    def __init__(self, window: Any, truth: Ids) -> None:
        self.window, self.truth = window, truth
        self.hands = Hands(window)
        self.loop = window.feature("guide").loop
        self.training = window.feature("training").training
        self.begun = time.perf_counter()

    @property
    def document(self) -> Any:
        """The open document."""
        return self.window.workspace.document

    def wait(self, done: Callable[[], bool]) -> float:
        """Let the window work until something is true; the seconds that it took."""
        began = time.perf_counter()
        while not done():
            QApplication.processEvents()
            if time.perf_counter() - began > self.patience:
                raise TimeoutError
            time.sleep(0.001)
        return time.perf_counter() - began

    def press(self, *keys: Qt.Key | str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            QTest.keyClick(self.window.windowHandle(), key)
            QApplication.processEvents()

    def label_a_stroke(self, class_id: int, rng: np.random.Generator) -> None:
        """Add a class, and paint three pixels in a row of one of its fields."""
        self.press("a", *f"Class {class_id}", Qt.Key.Key_Return, "b")
        path = stroke_in(self.truth == class_id, rng)
        points = [self.hands.canvas.widget_position(float(r), float(c)) for r, c in path]
        self.hands.drag(LEFT, [QPointF(p) for p in points])

    def keys(self) -> list[str]:
        """The keys that answer what is asked."""
        place = self.loop.place
        own = int(self.truth[place.row, place.column])
        known = self.truth.flat[self.loop.covered()]
        before = ["."] if (known[known > 0] != own).any() or (known == 0).any() else []
        number = f"{own:02d}"
        return [*before, *number] if own else ["x"]

    def answer(self) -> tuple[Span, Span]:
        """Answer what is asked; seconds until the next place is painted, and until all followed."""
        place, keys = self.loop.place, self.keys()
        for key in keys[:-1]:
            self.press(key)
        painted = Painted(self.hands.viewport, lambda: self.loop.place not in (None, place))
        began = now()
        self.press(keys[-1])
        if self.loop.place is None:
            self.waited += self.wait(lambda: self.loop.place is not None)
        while painted.at is None:
            QApplication.processEvents()
            if time.perf_counter() - began.clock > self.patience:
                raise TimeoutError
        followed = since(began)
        return painted.after(began), followed

    def at_rest(self) -> bool:
        """Whether map and search have caught up with the answers."""
        return not self.training.running and not self.loop.finder.searching

    def check(self) -> float:
        """Check the labels for errors; the seconds until they are listed."""
        panel = self.window.panel("label-errors")
        self.window.commands.action("labels.check").trigger()
        running = self.window.workspace.tasks
        self.wait(lambda: bool(running.running))
        seconds = self.wait(lambda: not [t for t in running.running if not t.quiet])
        if not panel.isVisible():
            raise RuntimeError("the panel of label errors isn't in view")
        return seconds

    def train(self) -> float:
        """Train; the seconds to the final map."""
        self.hands.canvas.setFocus()
        QTest.keyClick(
            self.window.windowHandle(), Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier
        )
        self.wait(lambda: self.training.running)
        return self.wait(lambda: not self.training.running)

    def accuracy(self) -> float:
        """Percent of the ground truth without labels that the map has right."""
        free = (self.truth > 0) & (self.document.labels.ids == 0)
        return 100 * float((self.document.prediction.class_map == self.truth)[free].mean())


def stroke_in(of_class: NDArray[np.bool_], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Three pixels in a row or column of one field of a class."""
    across = of_class[:, 2:] & of_class[:, 1:-1] & of_class[:, :-2]
    if not across.any():
        return [(r, c) for c, r in stroke_in(of_class.T, rng)]
    fields, count = regions_of(across)
    rows, columns = np.nonzero(fields == rng.integers(1, count + 1))
    at = int(rng.integers(rows.size))
    return [(int(rows[at]), int(columns[at]) + step) for step in range(3)]


def follow_the_page(answers: int, seed: int, table: Table) -> None:
    """Open, label a stroke of each class, and answer the guide."""
    from hsi_viewer.app import make_application
    from hsi_viewer.preferences.settings import Settings
    from hsi_viewer.ui.main_window import MainWindow

    make_application()
    window = MainWindow(Settings(theme="light", tour_seen=True))
    window.may_leave = lambda: True  # type: ignore[method-assign]
    window.resize(1920, 1080)
    window.show()
    window.activateWindow()
    truth = indian_pines()[1]
    person = Person(window, truth)
    person.begun = time.perf_counter()
    window.open(SAMPLE)
    opening = person.wait(lambda: window.workspace.document is not None)
    person.wait(lambda: not window.workspace.tasks.running)
    rng = np.random.default_rng(seed)
    for class_id in np.unique(truth[truth > 0]).tolist():
        person.label_a_stroke(class_id, rng)

    def note(figure: str, value: float, unit: str) -> None:
        load = f"{os.getloadavg()[0]:.1f}"
        table.add(seed=seed, figure=figure, value=value, unit=unit, load=load)

    note("from opening to the scene", opening, "s")
    note("pixels labelled before the guide", person.document.labels.total, "pixels")
    person.press("h")
    note("from H to the first place", person.wait(lambda: person.loop.place is not None), "s")
    person.wait(person.at_rest)
    note("from opening to the first map", time.perf_counter() - person.begun, "s")
    note("accuracy after 0 answers", person.accuracy(), "%")
    next_place, all_follows, map_follows = [], [], []
    for n in range(1, answers + 1):
        painted, followed = person.answer()
        next_place.append(painted)
        all_follows.append(followed)
        map_follows.append(person.wait(person.at_rest))
        if n % SCORED == 0:
            note(f"accuracy after {n} answers", person.accuracy(), "%")
            note(f"pixels labelled after {n} answers", person.document.labels.total, "pixels")
            note(f"from opening to {n} answers", time.perf_counter() - person.begun, "s")
    for figure, seconds in (
        ("next place", [one.clock for one in next_place]),
        ("next place, work of the interface's thread", [one.work for one in next_place]),
        ("next answer", [one.clock for one in all_follows]),
        ("next answer, work of the interface's thread", [one.work for one in all_follows]),
        ("map and search", map_follows),
    ):
        note(f"from an answer to the {figure}, median", float(np.median(seconds)), "s")
        note(f"from an answer to the {figure}, highest", max(seconds), "s")
    person.press(Qt.Key.Key_Escape)
    note("to check the labels", person.check(), "s")
    note("to train for the final map", person.train(), "s")
    note("accuracy of the final map", person.accuracy(), "%")
    note("from opening to the final map", time.perf_counter() - person.begun, "s")
    person.document.abandon()  # not offered at the next start
    window.close()


def main() -> None:
    """Follow the page once for each seed that isn't in the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    table = Table("guide_window", ("seed", "figure"), ("value", "unit", "load"))
    with TemporaryDirectory() as home:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            os.environ[name] = home
        follow_the_page(options.answers, options.seed, table)
    for row in table.rows():
        print(f"{row['figure']}: {row['value']} {row['unit']} (load {row['load']})")


if __name__ == "__main__":
    main()

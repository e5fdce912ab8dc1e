"""Guide mode by real keys and mouse: answers, skips, undo, new classes, another scene, sessions."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.labels.decisions import Decision
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.ui import main_window
from hsi_viewer.ui.dialogs import Leave

SIZE = (40, 48)
YELLOW = (255, 214, 10)
FIELDS = (np.arange(40)[:, None] >= 20) * 2 + (np.arange(48) >= 24) + 1  # four of them


@pytest.fixture(scope="module")
def cube() -> np.ndarray:
    rng = np.random.default_rng(3)
    spectra = rng.uniform(200, 1000, (5, 8))
    return (spectra[FIELDS] + rng.normal(0, 9, (*SIZE, 8))).astype(np.float32)


@pytest.fixture
def scene(make_driver, tmp_path, cube):
    """A scene of four fields; two classes have a stroke each."""
    np.save(tmp_path / "cube.npy", cube)
    driver = make_driver(Settings(theme="light", classifier="lda"))
    driver.open(str(tmp_path / "cube.npy"))
    for name, row, column in (("Corn", 4, 4), ("Woods", 4, 30)):
        added = driver.document.add_class(name)
        stroke = Stroke(driver.document, added.id)
        stroke.paint(row * SIZE[1] + np.arange(column, column + 3))
        stroke.finish()
    return driver


def loop_of(driver):
    return driver.window.feature("guide").loop


def at_rest(driver) -> None:
    """Wait until maps and searches have caught up with the answers."""
    loop, training = loop_of(driver), driver.window.feature("training").training
    driver.qtbot.waitUntil(lambda: not training.running and not loop.finder.searching)


def guide(driver):
    """Start by key, and wait for the first place."""
    driver.type(Qt.Key.Key_H)
    loop = loop_of(driver)
    assert loop.active
    driver.qtbot.waitUntil(lambda: loop.place is not None)
    at_rest(driver)
    return loop


def labels_at(driver, place) -> int:
    return int(driver.document.labels.ids[place.row, place.column])


def test_the_panel_is_made_before_it_is_asked_for(scene):
    panels = scene.window.context.docking.panels
    assert "guide" not in panels  # while strokes are made
    scene.qtbot.waitUntil(lambda: "guide" in panels)
    assert not panels["guide"].isVisible()


def test_the_loop_by_keys_alone(scene):
    document, window = scene.document, scene.window
    loop = guide(scene)
    panel = window.panel("guide")
    assert document.prediction is not None  # the guide had the first map made
    assert panel.isVisible()
    card = window.feature("result").card
    assert card.isVisible()
    assert "Export…" in [b.text() for b in card.buttons]
    assert "Label here next" not in [b.text() for b in card.buttons]  # it would stop the guide
    assert "Corn" in panel.question.text()
    assert panel.question.accessibleDescription() == panel.question.text()
    view = window.context.canvas.view_box()
    first = loop.place
    assert view[0] < first.column < view[0] + view[2] < SIZE[1] + 80
    scene.qtbot.waitUntil(lambda: panel.plot.live_values()[1] is not None)  # a turn later
    _x, spectrum = panel.plot.live_values()
    np.testing.assert_allclose(spectrum, document.cube.spectrum(first.row, first.column))
    means = {c.name: c.values for c in panel.plot.curves.curves}
    assert set(means) == {"Corn", "Woods"}
    np.testing.assert_allclose(means["Corn"], document.cube.read()[4, 4:7].mean(axis=0), rtol=1e-5)

    # a digit labels the core; the next place is there at once, before any event is handled
    expected = loop.covered()
    scene.key(Qt.Key.Key_2)
    second = loop.place
    assert second is not None
    assert second is not first
    assert (document.labels.ids.ravel()[expected] == 2).all()
    assert document.labels.count(2) == 3 + expected.size
    at_rest(scene)
    assert loop.place is second  # what is on the screen stays when the proposals are new
    segment_is_outlined(window, second)

    # a period and a digit label the pixel alone
    before = document.labels.total
    scene.type(".", "1")
    assert document.labels.total == before + 1
    assert labels_at(scene, second) == 1

    # skipped: never proposed again, and no label
    at_rest(scene)
    skipped = loop.place
    scene.type("s")
    assert document.decisions.ids[skipped.row, skipped.column] == Decision.SKIPPED
    nowhere = loop.place
    scene.type("x")
    assert document.decisions.ids[nowhere.row, nowhere.column] == Decision.NO_CLASS
    assert document.labels.total == before + 1
    at_rest(scene)
    for place in (loop.place, *loop._waiting):
        assert not document.decisions.ids[place.row, place.column]
        assert not labels_at(scene, place)
    assert "4 answers" in panel.progress.text()

    # taken back: the place is asked again
    scene.type("u")
    assert loop.place is nowhere
    assert not document.decisions.ids[nowhere.row, nowhere.column]
    scene.type("u")
    assert loop.place is skipped
    assert not document.decisions.present()
    assert "2 answers" in panel.progress.text()
    scene.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert loop.place is second
    assert labels_at(scene, second) == 0

    # later: Space and Enter go on, and the place comes again
    scene.type(Qt.Key.Key_Space)
    assert loop.place is not second
    seen = []
    while loop.place is not second:  # what waits comes first
        seen.append(loop.place)
        scene.type(Qt.Key.Key_Return)
    assert len(set(map(id, seen))) == len(seen) > 1
    assert document.labels.total == before

    # left: the keys are the commands' again
    scene.type(Qt.Key.Key_Escape)
    assert not loop.active
    assert loop.place is None
    scene.type("2")
    assert document.labels.total == before
    assert window.context.labelling.active_class == 2
    assert not window.feature("training").training.live


def segment_is_outlined(window, place) -> None:
    """On the image, whole, and large enough to be seen in it."""
    rows, columns = place.segment.T
    left, top, width, height = window.context.canvas.view_box()
    assert left < columns.min() <= columns.max() < left + width
    assert top < rows.min() <= rows.max() < top + height


def test_the_panel_tells_what_the_answers_have_come_to(scene):
    loop, document = guide(scene), scene.document
    panel = scene.window.panel("guide")
    truth = FIELDS.ravel() % 2 + 1  # two classes, in two fields each
    for _ in range(8):
        scene.type(str(truth[loop.place.row * SIZE[1] + loop.place.column]))
        at_rest(scene)
    scene.qtbot.waitUntil(lambda: loop.progress.points[-1].accuracy is not None)
    first, last = loop.progress.points[0], loop.progress.points[-1]
    assert last.answers == 8
    values = tuple(100 * v for v in (last.accuracy, last.low, last.high))
    told = "Accuracy, from your labels: {:.0f} % ({:.0f} to {:.0f} %).".format(*values)
    assert told in panel.progress.text()
    assert f"{document.labels.total} pixels are labelled" in panel.progress.text()
    assert panel.progress_plot.isVisible()
    x, y = panel.progress_plot.accuracy.getData()
    assert (x[-1], y[-1]) == (8, values[0])
    changed = panel.progress_plot.changed.getData()
    assert changed[0][-1] == 8
    assert changed[1][-1] == 100 * last.changed
    assert first.answers < last.answers
    assert "little" not in panel.progress.text()


class Order(QObject):
    """The order in which the canvas shows another place, and the history hears of the answer."""

    def __init__(self, driver) -> None:
        viewport = driver.window.context.canvas.viewport()
        super().__init__(viewport)
        self.loop, self.events = loop_of(driver), []
        self.first = self.loop.place
        driver.document.history.changed.connect(self.note_answer)
        viewport.installEventFilter(self)

    def note_answer(self) -> None:
        self.events.append("answered")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self.loop.place is not self.first:
            self.events.append("next place painted")
        return False


@pytest.mark.parametrize("key", ["2", "x", "s"])
def test_the_next_place_is_painted_before_the_answer_moves_anything_else(scene, key):
    loop = guide(scene)
    answered, order = loop.covered(), Order(scene)
    scene.type(key)
    before = order.events[: order.events.index("answered")]
    assert before
    assert set(before) == {"next place painted"}
    assert loop.place.row * SIZE[1] + loop.place.column not in answered
    at_rest(scene)
    assert loop.answers.done[-1].place is order.first


def test_a_new_class_is_one_key_and_its_name(scene):
    loop, document = guide(scene), scene.document
    place, expected = loop.place, loop.covered()
    scene.type("n")
    scene.type("Reed", Qt.Key.Key_Return)
    assert [c.name for c in document.legend] == ["Corn", "Woods", "Reed"]
    assert labels_at(scene, place) == 3
    assert document.labels.count(3) == expected.size
    assert scene.canvas.hasFocus()
    assert scene.window.context.labelling.tool == "navigate"
    assert loop.place is not place
    at_rest(scene)
    assert 3 in document.prediction.class_ids  # the map follows

    scene.type("n")
    scene.type(Qt.Key.Key_Escape)  # no class after all: the question stays
    assert len(document.legend) == 3
    assert loop.active
    asked = loop.place
    scene.type("3")
    assert labels_at(scene, asked) == 3
    at_rest(scene)


def test_the_loop_by_mouse(scene):
    classes = scene.window.context.docking.docks["classes"]
    height = classes.height()
    loop, document = guide(scene), scene.document
    panel = scene.window.panel("guide")
    scene.qtbot.waitUntil(lambda: classes.height() < height)  # the question needs the room

    def press(name: str) -> None:
        QTest.mouseClick(panel.buttons[name], Qt.MouseButton.LeftButton)

    place = loop.place
    item = panel.classes.item(1)
    where = panel.classes.visualItemRect(item).center()
    QTest.mouseClick(panel.classes.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert labels_at(scene, place) == 2
    place = loop.place
    press("skip")
    assert document.decisions.ids[place.row, place.column] == Decision.SKIPPED
    press("take_back")
    assert loop.place is place
    press("next")
    assert loop.place is not place
    place = loop.place
    QTest.keyClick(panel.area, Qt.Key.Key_Down)  # from the core to the whole segment
    assert scene.window.workspace.settings.guide_area == "segment"
    segment = place.segment
    press("no_class")
    assert (document.decisions.ids[tuple(segment.T)] == Decision.NO_CLASS).all()
    press("leave")
    assert not loop.active
    scene.qtbot.waitUntil(lambda: abs(classes.height() - height) < 8)
    at_rest(scene)


def test_another_way_to_label_the_place_is_an_answer_too(scene):
    loop, document = guide(scene), scene.document
    place = loop.place
    stroke = Stroke(document, 1)
    stroke.paint(loop.covered())
    stroke.finish()
    assert loop.place is not place
    assert loop.answers.done == []
    at_rest(scene)


@pytest.mark.parametrize("final", [True, False])
def test_nothing_is_left_to_ask_only_once_all_of_the_scene_is_mapped(scene, final):
    """The first look at a large scene maps what is on the screen."""
    nothing = np.zeros(SIZE, np.uint16), np.zeros(SIZE, np.float32)
    scene.document.set_prediction(Prediction(*nothing, (1, 2), final=final))
    scene.type(Qt.Key.Key_H)
    at_rest(scene)
    left = "there is nothing left to ask" in scene.window.panel("guide").question.text()
    assert left is final


def test_a_held_key_answers_once(scene):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QApplication

    loop = guide(scene)
    for repeated in (False, True, True):
        kind, held = QEvent.Type.KeyPress, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(scene.canvas, QKeyEvent(kind, Qt.Key.Key_S, held, "s", repeated))
    assert len(loop.answers.done) == 1
    at_rest(scene)


def test_another_scene_in_the_middle_ends_the_guide(scene, tmp_path, monkeypatch):
    loop = guide(scene)
    scene.type("1")
    monkeypatch.setattr(main_window, "ask_to_leave", lambda *_question: Leave.DISCARD)
    np.save(tmp_path / "other.npy", np.random.default_rng(0).random((20, 30, 6), np.float32))
    scene.open(str(tmp_path / "other.npy"))
    assert not loop.active
    assert loop.place is None
    assert loop.progress.points == []
    at_rest(scene)
    assert loop.place is None
    scene.type(Qt.Key.Key_H)
    assert not loop.active
    assert "Label some pixels first" in scene.window.panel("guide").question.text()


def test_a_session_saved_in_the_middle_goes_on_when_it_is_opened(
    scene, make_driver, tmp_path, monkeypatch
):
    guide(scene)
    scene.type("1", "s")
    at_rest(scene)
    scene.settle()
    labels = scene.document.labels.snapshot().ids
    decisions = scene.document.decisions.snapshot().ids
    path = tmp_path / "work.hsiproj"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    scene.trigger("session.save_as")
    scene.qtbot.waitUntil(lambda: f"Session saved to {path}." in scene.window.notices.texts())
    points = loop_of(scene).progress.points
    scene.let_go()

    again = make_driver(Settings(theme="light", classifier="lda"))
    again.window.open(str(path))
    again.qtbot.waitUntil(lambda: again.document is not None)
    loop = loop_of(again)
    again.qtbot.waitUntil(lambda: loop.place is not None)
    at_rest(again)
    np.testing.assert_array_equal(again.document.labels.ids, labels)
    np.testing.assert_array_equal(again.document.decisions.ids, decisions)
    assert loop.progress.points[: len(points) - 1] == points[:-1]
    place = loop.place
    assert not again.document.decisions.ids[place.row, place.column]
    again.type("2")
    assert labels_at(again, place) == 2
    at_rest(again)


def test_of_many_classes_numbers_have_two_digits(scene):
    document = scene.document
    for n in range(3, 13):
        document.add_class(f"Class {n}")
    loop, panel = guide(scene), scene.window.panel("guide")
    place = loop.place
    scene.type("1")
    assert loop.place is place
    assert "another digit" in panel.question.text()
    scene.type(Qt.Key.Key_Backspace, "1", "2")
    assert labels_at(scene, place) == 12
    place = loop.place
    scene.type("1", Qt.Key.Key_Return)
    assert labels_at(scene, place) == 1
    place = loop.place
    scene.type("1", Qt.Key.Key_Escape)  # only the digit is dropped
    assert loop.active
    scene.type("3")
    assert labels_at(scene, place) == 3
    at_rest(scene)


def test_when_all_is_answered_there_is_nothing_left_to_ask(scene):
    document = scene.document
    loop = guide(scene)
    rest = np.flatnonzero(document.labels.ids == 0)
    stroke = Stroke(document, 1)
    stroke.paint(rest)
    stroke.finish()
    scene.qtbot.waitUntil(lambda: loop.exhausted)
    assert "nothing left to ask" in scene.window.panel("guide").question.text()
    scene.type("1")
    at_rest(scene)


def test_one_class_is_too_few_for_a_map(scene):
    document = scene.document
    document.remove_class(2)
    scene.type(Qt.Key.Key_H)
    assert not loop_of(scene).active
    assert not scene.window.commands.action("labels.guide").isEnabled()


def test_a_digit_of_no_class_says_so_and_how_to_add_one(scene):
    notices, document = scene.window.notices, scene.document
    loop = guide(scene)
    place = loop.place
    said = "There is no class 7. N: new class."
    scene.type("7")
    assert loop.place is place
    assert said in notices.texts()
    scene.type("2")  # an answer: what was said is of no use any more
    assert said not in notices.texts()
    at_rest(scene)
    place = loop.place
    scene.type("9")
    assert [t for t in notices.texts() if "no class" in t] == ["There is no class 9. N: new class."]
    (button,) = notices.notices[-1].buttons
    scene.click_on(button)
    scene.type("Reed", Qt.Key.Key_Return)
    assert labels_at(scene, place) == 3
    assert [c.name for c in document.legend] == ["Corn", "Woods", "Reed"]
    at_rest(scene)


def yellow(widget) -> np.ndarray:
    """Rows and columns of a picture of a widget that have the colour of what an answer covers."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    return np.argwhere((pixels == YELLOW).all(axis=2))


def test_what_an_answer_covers_is_outlined_on_the_image_and_in_the_close_up(scene):
    assert not len(yellow(scene.canvas.viewport()))
    loop = guide(scene)
    close_up = scene.window.panel("guide").close_up
    rows, columns = np.divmod(loop.covered(), SIZE[1])
    corners = ((rows.min(), columns.min()), (rows.max() + 1, columns.max() + 1))
    for view in (scene.canvas, close_up):
        found = yellow(view.viewport())
        ends = [view.widget_position(r - 0.5, c - 0.5) for r, c in corners]
        (top, left), (bottom, right) = ((p.y(), p.x()) for p in ends)
        np.testing.assert_allclose(found.min(axis=0), (top, left), atol=3)
        np.testing.assert_allclose(found.max(axis=0), (bottom, right), atol=3)
    scene.type(".")  # the pixel alone
    alone = yellow(scene.canvas.viewport())
    side = scene.canvas.widget_position(1, 1) - scene.canvas.widget_position(0, 0)
    np.testing.assert_allclose(np.ptp(alone, axis=0), (side.y(), side.x()), atol=4)
    scene.type(Qt.Key.Key_Escape, Qt.Key.Key_Escape)
    assert not loop.active
    assert not len(yellow(scene.canvas.viewport()))


def test_where_none_of_the_classes_is_lies_outside_of_the_area_of_applicability(scene):
    loop, stack = guide(scene), scene.window.context.viewing.layers
    while FIELDS[loop.place.row, loop.place.column] > 2:  # of no labelled class
        scene.type(Qt.Key.Key_Space)
    place, title = loop.place, "Area of applicability"

    def thresholds() -> float:
        """The value of the layer at the place; from 1 on it lies outside."""
        scene.trigger("doubt.applicability")
        scene.qtbot.waitUntil(lambda: title in stack.names)
        layer = stack[title]
        one = (slice(place.row, place.row + 1, 1), slice(place.column, place.column + 1, 1))
        bar, colour = layer.bar.colours.astype(int), layer.raster.rgba(*one)[0, 0].astype(int)
        at = np.abs(bar[:, :3] - colour[:3]).sum(axis=1).argmin()
        stack.remove(title)
        return 2 * at / (len(bar) - 1)  # the threshold is in the middle of the bar

    assert thresholds() < 0.9
    scene.type("x")
    at_rest(scene)
    assert scene.document.decisions.ids[place.row, place.column] == Decision.NO_CLASS
    assert thresholds() > 0.99
    scene.type("u")
    at_rest(scene)
    assert thresholds() < 0.9

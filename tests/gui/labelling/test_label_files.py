"""Labels, regions and ground truth from files, as a person takes them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from zarr.core.sync import cleanup_resources

from hsi_viewer.core.geometry import shapes
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.sampling import Draw, draw_training
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.ui.array_dialog import ArrayDialog
from hsi_viewer.ui.features.labelling.draw_dialog import DrawDialog
from tests.gui.hands import SIZE, Hands, labelled, made_cube
from tests.gui.opening.test_repairing import in_dialog, several_arrays

A = shapes.rectangle((2, 2), (9, 9), SIZE)


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def hands(driver, tmp_path) -> Hands:
    path = tmp_path / "made.npy"
    np.save(path, made_cube())
    driver.open(str(path))
    driver.trigger("class.add")
    hands = Hands(driver)
    hands.tool("rectangle")
    hands.drag((2, 2), (9, 9))
    return hands


def choose(hands: Hands, text: str) -> None:
    offers = hands.driver.window.context.offers
    hands.driver.qtbot.waitUntil(lambda: bool(offers.offers))
    button = next(b for b in offers.offers[-1].buttons if b.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_regions_go_out_and_come_back(hands, tmp_path, monkeypatch):
    hands.driver.document.rename_class(1, "Oats")
    for suffix in ("gpkg", "geojson", "shp", "csv", "xml", "txt", "h5"):
        path = str(tmp_path / f"out.{suffix}")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, p=path: (p, ""))
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, p=path: (p, ""))
        hands.driver.trigger("labels.export")
        hands.driver.settle()
        hands.driver.document.clear_class(1)
        hands.driver.trigger("labels.load")
        hands.driver.qtbot.waitUntil(lambda: hands.ids.any())
        np.testing.assert_array_equal(hands.ids, labelled(A))


def test_labels_that_are_here_are_kept_or_replaced_as_the_user_says(hands, tmp_path, monkeypatch):
    path = tmp_path / "more.npy"
    np.save(path, np.full(SIZE, 2, np.uint8))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    hands.driver.trigger("labels.load")
    choose(hands, "Keep existing, add new")
    hands.driver.qtbot.waitUntil(lambda: hands.ids.all())
    assert set(np.flatnonzero(hands.ids == 1)) == set(A)
    hands.driver.trigger("edit.undo")
    np.testing.assert_array_equal(hands.ids, labelled(A))
    hands.driver.trigger("labels.load")
    choose(hands, "Cancel")
    hands.driver.trigger("labels.load")
    choose(hands, "Replace them")
    hands.driver.qtbot.waitUntil(lambda: (hands.ids == 2).all())


def test_ground_truth_is_kept_apart_from_labels(hands, tmp_path, monkeypatch):
    path = tmp_path / "truth.npy"
    np.save(path, np.full(SIZE, 1, np.uint8))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    hands.driver.trigger("labels.test")
    document = hands.driver.document
    hands.driver.qtbot.waitUntil(lambda: document.truth is not None)
    np.testing.assert_array_equal(hands.ids, labelled(A))
    assert (scoring_of(document).test_pixels() > 0).sum() == hands.ids.size - A.size


def test_training_pixels_are_drawn_as_the_dialog_says(hands, tmp_path, monkeypatch):
    truth = np.zeros(SIZE, np.uint16)
    for n, (row, column) in enumerate(((0, 0), (0, 40), (40, 0), (40, 40))):
        truth[row : row + 20, column : column + 30] = 1 + n % 2
    path = tmp_path / "truth.npy"
    np.save(path, truth)

    def answer(dialog: DrawDialog) -> int:
        dialog.file.setText(str(path))
        dialog.unit.setCurrentIndex(1)
        dialog.count.setValue(2.5)
        dialog.protocol.setCurrentIndex(1)
        dialog.number.setValue(11)
        assert "fields" in dialog.note.text()
        return 1

    monkeypatch.setattr(DrawDialog, "exec", answer)
    hands.driver.trigger("labels.draw")
    training, test = draw_training(truth, Draw(2.5, "percent", "fields", 11))
    document = hands.driver.document
    hands.driver.qtbot.waitUntil(lambda: document.truth is not None)
    np.testing.assert_array_equal(hands.ids, training)
    np.testing.assert_array_equal(document.truth, test)
    assert document.history.undo_title == "Draw 2.5 % per class, separate fields, seed 11"


def test_a_loaded_ground_truth_is_drawn_from_without_its_file(hands, monkeypatch):
    truth = np.repeat([[1, 2]], 40, axis=1).repeat(60, axis=0).astype(np.uint16)
    hands.driver.document.set_truth(truth)

    def answer(dialog: DrawDialog) -> int:
        assert dialog.loaded.isChecked()
        assert dialog.source() == ""
        return 1

    monkeypatch.setattr(DrawDialog, "exec", answer)
    hands.driver.trigger("labels.draw")
    training, _ = draw_training(truth, Draw(10))
    hands.driver.qtbot.waitUntil(lambda: hands.driver.document.labels.count(2) == 10)
    np.testing.assert_array_equal(hands.ids, training)


def test_training_and_test_pixels_have_data(driver, tmp_path, monkeypatch):
    values = np.random.default_rng(0).normal(500, 9, (30, 40, 12)).astype(np.float32)
    values[:14], values[:, :20] = np.nan, np.nan
    truth = np.repeat([[1], [2]], 15, axis=0).repeat(40, axis=1).astype(np.uint16)
    truth[14:22] = 3
    np.save(tmp_path / "border.npy", values)
    np.save(tmp_path / "truth.npy", truth)
    driver.open(str(tmp_path / "border.npy"))
    messages = []
    driver.window.workspace.noticed.connect(lambda text, _level: messages.append(text))

    def answer(dialog: DrawDialog) -> int:
        dialog.file.setText(str(tmp_path / "truth.npy"))
        return 1

    monkeypatch.setattr(DrawDialog, "exec", answer)
    driver.trigger("labels.draw")
    document = driver.document
    driver.qtbot.waitUntil(lambda: document.labels.total > 0)
    empty = np.isnan(values[:, :, 0])
    assert not document.labels.ids[empty].any()
    assert not document.truth[empty].any()
    assert [document.labels.count(i) for i in (1, 2, 3)] == [0, 10, 10]
    driver.qtbot.waitUntil(
        lambda: any("880 pixels without data were left out." in m for m in messages)
    )


def test_of_several_arrays_it_is_asked_which_are_the_labels(driver, tmp_path, monkeypatch):
    """Whatever contains them: the likeliest is on top, and all of them are listed."""
    np.save(tmp_path / "scene.npy", np.zeros((20, 30, 4), np.float32))
    driver.open(str(tmp_path / "scene.npy"))
    arrays = {f"other{k}": np.ones((4, 5), np.int8) for k in range(7)}
    arrays["heights"] = np.ones((20, 30), np.float32)
    arrays["first"], arrays["second"] = (np.full((20, 30), k, np.int8) for k in (1, 2))
    for number, path in enumerate(several_arrays(tmp_path, "two", arrays)):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, p=path: (str(p), ""))
        wanted = ("first", "second")[number % 2]

        def choose(dialog: ArrayDialog, wanted=wanted) -> None:
            item = dialog.tree.currentItem()
            assert [item.text(k) for k in range(3)] == ["first", "20 x 30", "int8"]
            names = dialog.tree.topLevelItemCount()
            assert names == len(arrays)
            assert not dialog.axes.isVisible()
            if wanted == "second":
                QTest.keyClick(dialog.tree, Qt.Key.Key_Down)
            assert dialog.tree.currentItem().text(0) == wanted

        came = in_dialog(ArrayDialog, choose)
        driver.trigger("labels.load")
        if number:
            driver.qtbot.waitUntil(lambda: bool(driver.window.context.offers.offers))
            driver.window.context.offers.press("import", "Replace them")
        value = number % 2 + 1
        driver.qtbot.waitUntil(lambda v=value: (driver.document.labels.ids == v).all())
        store = path.parent if path.name == "zarr.json" else path
        assert came == [f"Arrays in {store.name}"]
        assert not list(tmp_path.glob("*.hsi.json"))  # it is a choice for now
    # a region of interest comes from an array, too
    came = in_dialog(ArrayDialog, lambda dialog: dialog.choose("other3"))
    driver.trigger("roi.file")
    driver.qtbot.waitUntil(lambda: bool(came))
    driver.settle()
    driver.qtbot.waitUntil(lambda: "4 x 5" in " ".join(driver.window.notices.texts()))
    in_dialog(ArrayDialog, lambda dialog: dialog.choose("second"))
    driver.trigger("roi.file")
    driver.qtbot.waitUntil(lambda: driver.document.region.now.inside is not None)
    assert driver.document.region.now.inside.all()
    cleanup_resources()  # the threads of zarr


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".mat"])
def test_classes_without_labels_come_back_from_a_file(driver, tmp_path, suffix):
    np.save(tmp_path / "scene.npy", np.zeros((20, 30, 4), np.float32))
    driver.open(str(tmp_path / "scene.npy"))
    legend = ClassLegend(LabelClass(i, f"name {i}", (i, 20, 30)) for i in (1, 2, 5))
    ids = np.zeros((20, 30), np.uint16)
    ids[3:5, 4:9] = 2
    write_labels(tmp_path / f"labels{suffix}", ids, legend, driver.document.cube)
    driver.window.context.labelling.files.take(tmp_path / f"labels{suffix}")
    driver.qtbot.waitUntil(lambda: driver.document.labels.total == 10)
    found = {c.id: (c.name, c.colour) for c in driver.document.legend}
    assert found == {i: (f"name {i}", (i, 20, 30)) for i in (1, 2, 5)}


def test_what_is_no_labels_is_reported_with_what_labels_are(driver, tmp_path):
    np.save(tmp_path / "scene.npy", np.zeros((20, 30, 4), np.float32))
    driver.open(str(tmp_path / "scene.npy"))
    (tmp_path / "README.md").write_text("# notes\n")
    (tmp_path / "broken.geojson").write_text('{"type": ')
    for name, expected in (("README.md", ".gpkg"), ("broken.geojson", "could not be read")):
        driver.window.context.labelling.files.take(tmp_path / name)
        driver.qtbot.waitUntil(
            lambda n=name, t=expected: any(n in x and t in x for x in driver.window.notices.texts())
        )
    assert not any("<DRIVER>" in text or ".;" in text for text in driver.window.notices.texts())


def test_numbers_alone_are_reported_to_be_numbers_alone(driver, tmp_path):
    np.save(tmp_path / "scene.npy", np.zeros((20, 30, 4), np.float32))
    driver.open(str(tmp_path / "scene.npy"))
    driver.trigger("class.add")
    driver.click(3, 4)
    driver.window.context.labelling.files.save_to(tmp_path / "labels.npy")
    driver.qtbot.waitUntil(lambda: (tmp_path / "labels.npy").exists())
    driver.settle()
    assert any("to keep names and colours" in t for t in driver.window.notices.texts())


def test_classes_that_only_one_side_names_are_doubted_in_the_window_too(hands, tmp_path):
    driver, document = hands.driver, hands.driver.document
    document.rename_class(1, "Oats")
    path = tmp_path / "numbers.npy"
    np.save(path, np.eye(*SIZE, dtype=np.uint8))
    files = driver.window.context.labelling.files
    for purpose in ("add", "test", Draw(2)):
        before = driver.window.notices.texts()
        with driver.qtbot.waitSignal(files.loaded):
            files.load(str(path), purpose)
        told = [t for t in driver.window.notices.texts() if t not in before]
        assert any(t.startswith("numbers.npy: its classes were matched by number") for t in told)
        assert any("1 is Oats" in t for t in told)
        while driver.window.context.notices.dismiss():
            pass
    with driver.qtbot.waitSignal(files.loaded):
        files.load("", Draw(2))  # the ground truth that is loaded: its ids are those of the list
    assert not any("matched by number" in text for text in driver.window.notices.texts())

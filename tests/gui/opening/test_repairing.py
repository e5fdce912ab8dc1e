from __future__ import annotations

import json
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLabel, QLineEdit
from scipy.io import netcdf_file, savemat
from zarr.core.sync import cleanup_resources

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.paths import data_folder
from hsi_viewer.ui.array_dialog import ArrayDialog
from hsi_viewer.ui.features.opening.doctor_dialog import DoctorDialog
from hsi_viewer.ui.features.opening.metadata_dialog import MetadataDialog, listed_numbers
from hsi_viewer.ui.features.opening.open_dialog import OpenDialog
from hsi_viewer.ui.features.opening.remedies import array_choices

OK = QDialogButtonBox.StandardButton.Ok


@pytest.fixture
def driver(shared):
    return shared


waiting: list = []  # for dialogs that did not come yet


@pytest.fixture(autouse=True)
def nobody_waits_for_dialogs_of_the_next_test():
    yield
    waiting.clear()


def in_dialog(kind: type, act) -> list[str]:
    """Act on the next modal dialog of a kind, then press its Ok; the list tells that it came.

    A dialog that does not close then is rejected, so that a failing test ends.
    """
    came: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if look not in waiting:
            return
        if isinstance(dialog, kind):
            waiting.remove(look)
            came.append(dialog.windowTitle())
            try:
                act(dialog)
                if dialog.isVisible():
                    box = dialog.findChild(QDialogButtonBox)
                    QTest.mouseClick(box.button(OK), Qt.MouseButton.LeftButton)
            finally:
                if dialog.isVisible():
                    dialog.reject()
        else:
            QTimer.singleShot(20, look)

    waiting.append(look)
    QTimer.singleShot(20, look)
    return came


def scene(rows: int, columns: int, bands: int) -> np.ndarray:
    """Smooth in space and along the spectrum, as real scenes are."""
    r, c, b = np.mgrid[0:rows, 0:columns, 0:bands]
    values = 2000 + 900 * np.sin(r / 9) + 700 * np.cos(c / 7) + 500 * np.sin(b / 11 + r / 40)
    return values.astype(np.uint16)


def several_arrays(folder: Path, name: str, arrays: dict[str, np.ndarray]) -> list[Path]:
    """Files of these arrays of each kind; of the Zarr store, what a dialog for files shows."""
    savemat(folder / f"{name}.mat", arrays)
    np.savez(folder / f"{name}.npz", **arrays)
    with h5py.File(folder / f"{name}.h5", "w") as file:
        for key, values in arrays.items():
            file[key] = values
    with netcdf_file(folder / f"{name}.nc", "w") as file:
        for key, values in arrays.items():
            axes = [f"{key}_{axis}" for axis in range(values.ndim)]
            for axis, length in zip(axes, values.shape, strict=True):
                file.createDimension(axis, length)
            file.createVariable(key, values.dtype.char, axes)[:] = values
    group = zarr.open_group(folder / f"{name}.zarr", mode="w", zarr_format=3)
    for key, values in arrays.items():
        group.create_array(key, data=values)
    ends = ("mat", "npz", "h5", "nc", "zarr/zarr.json")
    return [folder / f"{name}.{end}" for end in ends]


def test_of_several_cubes_it_is_asked_which_is_the_scene(driver, tmp_path):
    """Whatever contains them: with size and type, the largest on top; nothing is typed."""
    cubes = {"small": scene(20, 30, 12).astype("i2"), "large": scene(20, 30, 14).astype("i2")}
    for number, path in enumerate(several_arrays(tmp_path, "two", cubes)):
        wanted = ("large", "small")[number % 2]

        def choose(dialog: ArrayDialog, wanted=wanted) -> None:
            item = dialog.tree.currentItem()
            assert [item.text(k) for k in range(3)] == ["large", "20 x 30 x 14", "int16"]
            if wanted == "small":
                QTest.keyClick(dialog.tree, Qt.Key.Key_Down)

        came = in_dialog(ArrayDialog, choose)
        driver.open(str(path))
        assert len(came) == 1
        np.testing.assert_array_equal(driver.document.cube.read(), cubes[wanted])
    cleanup_resources()  # the threads of zarr


def test_why_an_array_is_asked_for_is_told(driver, tmp_path):
    """What a message says beside the choice: not an array of 4 axes, one of its own."""
    savemat(tmp_path / "t.mat", {"series": np.ones((9, 20, 30, 5)), "mean": scene(20, 30, 5)})
    told: list[str] = []

    def look(dialog: ArrayDialog) -> None:
        told.extend(label.text() for label in dialog.findChildren(QLabel))

    in_dialog(ArrayDialog, look)
    driver.open(str(tmp_path / "t.mat"))
    assert any("series" in text and "has 4 axes" in text for text in told)
    assert not any('"t.mat:' in text for text in told)
    assert driver.document.cube.shape == (20, 30, 5)


def test_after_cancel_there_is_a_way_back(driver, tmp_path):
    path = tmp_path / "two.mat"
    savemat(path, {"first": scene(30, 40, 12), "second": scene(30, 40, 14)})
    came = in_dialog(ArrayDialog, lambda dialog: dialog.reject())
    driver.window.open(str(path))
    driver.qtbot.waitUntil(lambda: "two.mat wasn't opened." in driver.window.notices.texts())
    assert len(came) == 1
    in_dialog(ArrayDialog, lambda dialog: dialog.choose("second"))
    button = driver.window.notices.notices[-1].buttons[0]
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        driver.click_on(button)
    driver.settle()
    assert driver.document.cube.shape == (30, 40, 14)


def test_a_part_of_a_file_is_opened_by_its_typed_name(driver, tmp_path):
    """As messages advise: of a MATLAB file, an archive of arrays, and HDF5 with a folder."""
    cubes = {"first": scene(20, 30, 12), "second": scene(20, 30, 14)}
    savemat(tmp_path / "two.mat", cubes)
    np.savez(tmp_path / "two.npz", **cubes)
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file.create_group("data").create_dataset("second", data=cubes["second"])
        file["first"] = cubes["first"]
    driver.window.workspace.settings.last_folder = str(tmp_path)
    elsewhere = str(tmp_path / "two.npz:first")  # a whole path is pasted
    for typed, bands in (
        ("two.mat:second", 14),
        (elsewhere, 12),
        ("two.h5:/data/second", 14),
        ("two.npz:second", 14),
    ):

        def enter(dialog, typed=typed) -> None:
            line = dialog.findChild(QLineEdit, "fileNameEdit")
            line.clear()
            line.insert(typed) if typed is elsewhere else QTest.keyClicks(line, typed)  # pasted
            QTest.keyClick(line, Qt.Key.Key_Return)

        came = in_dialog(OpenDialog, enter)
        with driver.qtbot.waitSignal(driver.window.context.opening.opened):
            driver.trigger("file.open")
        driver.settle()
        assert came == ["Open a hyperspectral cube"]
        assert driver.document.cube.shape == (20, 30, bands), typed


def test_arrays_that_an_error_names_are_buttons(tmp_path):
    opened = []
    text = 'a.mat: no cube. Open another array: "a.mat:data/x", or name one: "a.mat:NAME".'
    choices = array_choices(text, tmp_path / "a.mat", opened.append)
    assert [c.text for c in choices] == ["Open data/x"]
    choices[0].run()
    assert opened == [f"{tmp_path / 'a.mat'}:data/x"]


def test_an_ambiguous_file_asks_for_the_array_and_remembers(driver, tmp_path):
    path = tmp_path / "two.mat"
    first, second = scene(30, 40, 12), scene(30, 40, 14)
    savemat(path, {"first": first, "second": second})

    came = in_dialog(ArrayDialog, lambda dialog: dialog.choose("second"))
    driver.open(str(path))
    assert came == ["Arrays in two.mat"]
    np.testing.assert_array_equal(driver.document.cube.read(), second)
    assert json.loads((tmp_path / "two.mat.hsi.json").read_text())["array"] == "second"


def test_the_doctor_opens_a_file_whose_header_lies(driver, tmp_path):
    true = scene(60, 50, 24)
    (tmp_path / "lies.img").write_bytes(np.ascontiguousarray(true).tobytes())  # bip
    header = "ENVI\nsamples = 50\nlines = 60\nbands = 24\ndata type = 4\ninterleave = bip\n"
    (tmp_path / "lies.hdr").write_text(header)
    seen: dict[str, int] = {}

    def look(dialog: DoctorDialog) -> None:
        seen["readings"] = dialog.list.count()
        assert not dialog.list.item(0).icon().isNull()
        assert dialog.list.item(0).text() == "1. 60 x 50 x 24\nuint16, BIP"

    came = in_dialog(DoctorDialog, lambda dialog: dialog.reject())
    driver.window.open(str(tmp_path / "lies.hdr"))
    driver.qtbot.waitUntil(lambda: "lies.hdr wasn't opened." in driver.window.notices.texts())
    assert len(came) == 1
    assert not (tmp_path / "lies.img.hsi.json").exists()  # nothing is decided yet
    in_dialog(DoctorDialog, look)
    again = driver.window.notices.notices[-1].buttons[0]
    assert again.text() == "Show likely readings"
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        driver.click_on(again)
    driver.settle()
    assert seen["readings"] >= 1
    np.testing.assert_array_equal(driver.document.cube.read(), true)
    assert (tmp_path / "lies.hdr").read_text() == header
    assert (tmp_path / "lies.img.hsi.json").exists()


def test_in_a_folder_that_cannot_be_written_to_the_doctors_answer_holds(driver, tmp_path):
    true = scene(60, 50, 24)
    (tmp_path / "lies.img").write_bytes(np.ascontiguousarray(true).tobytes())  # bip
    header = "ENVI\nsamples = 50\nlines = 60\nbands = 24\ndata type = 4\ninterleave = bip\n"
    (tmp_path / "lies.hdr").write_text(header)
    unwritable(tmp_path / "lies.img")
    in_dialog(DoctorDialog, lambda dialog: None)
    driver.open(str(tmp_path / "lies.hdr"))
    np.testing.assert_array_equal(driver.document.cube.read(), true)
    texts = driver.window.notices.texts()
    assert any("the folder of lies.img is read-only" in text for text in texts)


def test_a_header_that_lies_unnoticed_is_doubted(driver, tmp_path):
    true = scene(60, 50, 24)
    (tmp_path / "lies.img").write_bytes(true.tobytes())  # bip, as many bytes as the header says
    header = (
        "ENVI\nsamples = 50\nlines = 60\nbands = 24\ndata type = 12\ninterleave = {}\n"
        "byte order = 0\n"
    )
    (tmp_path / "lies.hdr").write_text(header.format("bsq"))
    driver.open(str(tmp_path / "lies.hdr"))
    in_dialog(DoctorDialog, lambda _dialog: None)
    press(driver, "Show likely readings")
    driver.qtbot.waitUntil(lambda: driver.document.cube.interleave == "bip")
    np.testing.assert_array_equal(driver.document.cube.read(), true)
    rest(driver)
    assert driver.window.context.offers.texts() == []

    (tmp_path / "lies.hdr").write_text(header.format("bip"))
    (tmp_path / "lies.img.hsi.json").unlink()
    driver.open(str(tmp_path / "lies.hdr"))
    rest(driver)
    assert driver.window.context.offers.texts() == []


def rest(driver) -> None:
    """Wait until nothing runs, not even what the user does not see."""
    tasks = driver.window.workspace.tasks
    driver.qtbot.waitUntil(lambda: not any("Checking" in task.title for task in tasks.running))


def test_edited_metadata_are_kept_and_the_labels_stay(driver, tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, scene(20, 30, 6))
    driver.open(str(path))
    driver.trigger("class.add")
    driver.click(3, 4)

    def edit(dialog: MetadataDialog) -> None:
        for band in range(6):
            dialog.table.item(band, 0).setText(f"{0.5 + band / 10}")
        dialog.units.setCurrentText("µm")
        dialog.table.item(2, 1).setCheckState(Qt.CheckState.Unchecked)
        dialog.nodata.setText("0")
        dialog.scale.setText("0.0001")

    in_dialog(MetadataDialog, edit)
    driver.trigger("file.metadata")
    driver.qtbot.waitUntil(lambda: driver.document.cube.wavelengths is not None)
    driver.settle()
    cube = driver.document.cube
    np.testing.assert_allclose(cube.wavelengths, [500, 600, 700, 800, 900, 1000])
    assert cube.good_bands.tolist() == [True, True, False, True, True, True]
    assert (cube.nodata, cube.scale) == (0.0, 0.0001)
    assert driver.document.labels.ids[3, 4] == 1
    driver.hover(5, 5)
    x, y = driver.window.context.plot.live_values()
    np.testing.assert_allclose(x, cube.wavelengths)
    assert np.isnan(y[2])
    assert y[0] == pytest.approx(cube.read()[5, 5, 0] * 0.0001)


def test_metadata_that_are_no_numbers_are_not_taken(sample):
    dialog = MetadataDialog(sample.document.cube, sample.window)
    dialog.table.item(4, 0).setText("blue")
    QTest.mouseClick(dialog.buttons.button(OK), Qt.MouseButton.LeftButton)
    assert "Band 5" in dialog.error.text()
    assert dialog.result() == 0
    dialog.table.item(4, 0).setText("440")
    assert list(dialog.chosen()) == ["wavelengths_nm"]
    dialog.deleteLater()


@pytest.mark.real_data
def test_a_real_file_with_a_wrong_interleave_is_offered_its_readings(driver, data_dir, tmp_path):
    for name in ("bad_interleave", "bad_interleave.hdr"):
        (tmp_path / name).write_bytes((data_dir / "envi" / name).read_bytes())

    def look(dialog: DoctorDialog) -> None:
        assert dialog.list.item(0).text() == "1. 1 x 1600 x 978\nuint16, BIL"
        assert "bup" in driver.window.notices.texts()[0]

    came = in_dialog(DoctorDialog, look)
    driver.open(str(tmp_path / "bad_interleave.hdr"))
    assert came == ["Header doctor: bad_interleave"]
    assert driver.window.notices.texts() == []  # it is open: there is no error any more
    assert driver.document.cube.bands == 978


def test_data_sets_of_hdf5_are_shown_as_a_tree(driver, tmp_path):
    import h5py

    path = tmp_path / "scene.h5"
    first, second = scene(30, 40, 12), scene(30, 40, 12) + 7
    with h5py.File(path, "w") as file:
        file["calibrated/radiance"] = first
        file["calibrated/reflectance"] = second
    seen: list[str] = []

    def choose(dialog: ArrayDialog) -> None:
        group = dialog.tree.topLevelItem(0)
        seen.extend([group.text(0), *(group.child(i).text(0) for i in range(group.childCount()))])
        dialog.tree.setCurrentItem(group)
        assert not dialog.buttons.button(OK).isEnabled()
        dialog.tree.setCurrentItem(group.child(1))

    in_dialog(ArrayDialog, choose)
    driver.open(str(path))
    assert seen == ["calibrated", "radiance", "reflectance"]
    np.testing.assert_array_equal(driver.document.cube.read(), second)


def test_axes_guessed_wrongly_are_corrected_in_the_doctor(driver, tmp_path):
    path = tmp_path / "bands_first.npy"
    true = scene(30, 40, 12)
    np.save(path, true.transpose(2, 0, 1))
    driver.open(str(path))
    assert driver.document.cube.shape == (12, 30, 40)

    def choose(dialog: ArrayDialog) -> None:
        QTest.keyClicks(dialog.axes, "bands, rows")
        assert dialog.size_note.text() == "30 rows, 40 columns, 12 bands"

    came = in_dialog(ArrayDialog, choose)
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        driver.trigger("file.doctor")
    assert came == ["Arrays in bands_first.npy"]
    np.testing.assert_array_equal(driver.document.cube.read(), true)

    def back(dialog: ArrayDialog) -> None:
        dialog.axes.setCurrentIndex(0)

    in_dialog(ArrayDialog, back)
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        driver.trigger("file.doctor")
    assert driver.document.cube.shape == (12, 30, 40)


def test_a_raw_file_without_a_header_is_read_as_the_user_types(driver, tmp_path):
    true = scene(31, 37, 11)
    path = tmp_path / "bare.raw"
    path.write_bytes(true.transpose(0, 2, 1).astype(">u2").tobytes())

    def describe(dialog: DoctorDialog) -> None:
        fields = dialog.fields
        for field, number in ((fields.rows, 31), (fields.columns, 37), (fields.bands, 12)):
            field.selectAll()
            QTest.keyClicks(field, str(number))
        QTest.keyClicks(fields.type, "uint16")
        QTest.keyClicks(fields.interleave, "BIL")
        QTest.keyClicks(fields.byte_order, "big")
        assert not dialog.buttons.button(OK).isEnabled()
        assert dialog.size_note.text() == "This reading takes 27,528 bytes; the file has 25,234."
        fields.bands.selectAll()
        QTest.keyClicks(fields.bands, "11")
        assert dialog.list.currentRow() == -1

    came = in_dialog(DoctorDialog, describe)
    driver.open(str(path))
    assert came == ["Header doctor: bare.raw"]
    np.testing.assert_array_equal(driver.document.cube.read(), true)


@pytest.fixture
def readers(monkeypatch) -> list[bool]:
    """For each reading of values of a cube, whether the thread of the interface did it."""
    found: list[bool] = []
    real = HyperCube.read

    def read(cube, *args, **options):
        found.append(threading.current_thread() is threading.main_thread())
        return real(cube, *args, **options)

    monkeypatch.setattr(HyperCube, "read", read)
    return found


def test_pasted_wavelengths_and_typed_bad_bands(driver, tmp_path, readers):
    """The bands of the first picture and those in place of bad ones are found without waiting."""
    path = tmp_path / "scene.npy"
    np.save(path, scene(20, 30, 6))
    driver.open(str(path))
    assert readers
    assert not any(readers)
    before = path.read_bytes()

    def edit(dialog: MetadataDialog) -> None:
        QApplication.clipboard().setText("0,5\n0,6\n0,7\n0,8\n0,9\n1,0\n")
        dialog.activateWindow()
        dialog.table.setFocus()
        driver.qtbot.waitUntil(dialog.table.hasFocus)
        QTest.keySequence(dialog.table, "Ctrl+V")
        assert [dialog.table.item(b, 0).text() for b in (0, 5)] == ["0.5", "1.0"]
        QTest.keyClicks(dialog.bad, "1-2, 6")
        checked = [dialog.table.item(b, 1).checkState() for b in range(6)]
        assert [c == Qt.CheckState.Checked for c in checked] == [False] * 2 + [True] * 3 + [False]
        dialog.table.item(5, 1).setCheckState(Qt.CheckState.Checked)
        assert dialog.bad.text() == "1-2"
        assert any("scene.npy.hsi.json" in label.text() for label in dialog.findChildren(QLabel))
        QTest.keyClicks(dialog.units, "µ")

    in_dialog(MetadataDialog, edit)
    driver.trigger("file.metadata")
    driver.qtbot.waitUntil(lambda: driver.document.cube.wavelengths is not None)
    driver.settle()
    assert not any(readers)
    assert driver.window.context.viewing.picture.bands == (4, 2, 3)
    driver.open(str(path))
    cube = driver.document.cube
    np.testing.assert_allclose(cube.wavelengths, [500, 600, 700, 800, 900, 1000])
    assert cube.good_bands.tolist() == [False, False, True, True, True, True]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("400\n410.5\n", ["400", "410.5"]),
        ("wavelength = {400, 410.5,\n 421}", ["400", "410.5", "421"]),
        ("400,410,420", ["400", "410", "420"]),
        ("0,4\t0,5\n0,6", ["0.4", "0.5", "0.6"]),
        ("4e2;.5", ["4e2", ".5"]),
        ("no numbers", []),
    ],
)
def test_lists_are_pasted_as_people_write_them(text, numbers):
    assert listed_numbers(text) == numbers


def test_what_cannot_be_is_reported_and_the_dialog_stays(sample):
    dialog = MetadataDialog(sample.document.cube, sample.window)
    ok = dialog.buttons.button(OK)
    for field, text, word in (
        (dialog.units, "µm", "is the unit right"),
        (dialog.bad, "201", "from 1 to 200"),
        (dialog.scale, "0", "above 0"),
        (dialog.nodata, "x", "must be a number"),
    ):
        if field is dialog.units:
            dialog.table.item(0, 0).setText("401")
            field.setCurrentText(text)
        else:
            field.selectAll()
            QTest.keyClicks(field, text)
        QTest.mouseClick(ok, Qt.MouseButton.LeftButton)
        assert word in dialog.error.text()
    dialog.table.item(3, 0).setText("")
    dialog.deleteLater()


def test_numbers_that_are_not_edited_are_not_rounded(driver, tmp_path):
    """A no-data value of float32 has 17 digits, which the field shows."""
    true = scene(20, 30, 6).astype(np.float32)
    (tmp_path / "a.img").write_bytes(true.tobytes())
    (tmp_path / "a.hdr").write_text(
        "ENVI\nsamples = 30\nlines = 20\nbands = 6\ndata type = 4\ninterleave = bip\n"
        "byte order = 0\ndata ignore value = -3.4028234663852886e+38\n"
    )
    driver.open(str(tmp_path / "a.hdr"))
    dialog = MetadataDialog(driver.document.cube, driver.window)
    assert dialog.chosen() == {}
    assert dialog.nodata.text() == "-3.4028234663852886e+38"
    dialog.deleteLater()


def unwritable(data: Path) -> None:
    """Let nothing be written where the sidecar of a file has its place."""
    data.with_name(f"{data.name}.hsi.json").mkdir()


def without_own_folder() -> None:
    """Let nothing be kept in the user's data folder either."""
    folder = data_folder() / "sidecars"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("")


def test_metadata_that_cannot_be_kept_hold_until_the_scene_is_closed(driver, tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, scene(20, 30, 6))
    unwritable(path)
    without_own_folder()
    driver.open(str(path))

    in_dialog(MetadataDialog, lambda dialog: QTest.keyClicks(dialog.nodata, "7"))
    driver.trigger("file.metadata")
    driver.qtbot.waitUntil(lambda: bool(driver.window.notices.texts()))
    text = driver.window.notices.texts()[-1]
    assert "apply until the scene is closed" in text
    assert "scene.npy.hsi.json could not be written" in text
    assert driver.document.cube.nodata == 7


def test_in_a_folder_that_cannot_be_written_to_metadata_are_kept_elsewhere(driver, tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, scene(20, 30, 6))
    unwritable(path)
    driver.open(str(path))
    in_dialog(MetadataDialog, lambda dialog: QTest.keyClicks(dialog.nodata, "7"))
    driver.trigger("file.metadata")
    driver.qtbot.waitUntil(lambda: bool(driver.window.notices.texts()))
    text = driver.window.notices.texts()[-1]
    assert f"saved in {data_folder() / 'sidecars'}: the folder of scene.npy is read-only" in text
    driver.open(str(path))
    assert driver.document.cube.nodata == 7


def test_metadata_of_the_sample_scene_can_be_tried_out(sample):
    in_dialog(MetadataDialog, lambda dialog: QTest.keyClicks(dialog.bad, "1-3"))
    sample.trigger("file.metadata")
    sample.qtbot.waitUntil(lambda: bool(sample.window.notices.texts()))
    assert "don't have write permission" in sample.window.notices.texts()[-1]
    assert np.flatnonzero(~sample.document.cube.good_bands).tolist() == [0, 1, 2]


def test_an_answer_of_the_doctor_that_cannot_be_kept_is_reported(driver, tmp_path):
    path = tmp_path / "two.mat"
    savemat(path, {"first": scene(30, 40, 12), "second": scene(30, 40, 14)})
    unwritable(path)
    without_own_folder()
    in_dialog(ArrayDialog, lambda dialog: dialog.choose("second"))
    driver.window.open(str(path))
    driver.qtbot.waitUntil(lambda: bool(driver.window.notices.texts()))
    assert "two.mat.hsi.json could not be written" in driver.window.notices.texts()[-1]


@pytest.mark.parametrize("suffix", [".csv", ".sli"])
def test_pinned_spectra_are_saved_with_names_and_wavelengths(sample, tmp_path, monkeypatch, suffix):
    from PySide6.QtWidgets import QFileDialog

    from hsi_viewer.io.libraries.spectral_library import read_library

    sample.click(20, 30)
    sample.click(80, 90)
    path = tmp_path / f"pins{suffix}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    sample.trigger("file.spectra")
    sample.qtbot.waitUntil(lambda: path.exists() and not sample.window.context.busy.isVisible())
    library = read_library(path)
    assert library.names == ("row 21 col 31", "row 81 col 91")
    cube = sample.document.cube
    np.testing.assert_allclose(library.wavelengths, cube.wavelengths)
    np.testing.assert_allclose(library.spectra[1], cube.spectrum(80, 90))


def test_a_folder_of_one_image_a_band_opens(driver, tmp_path, monkeypatch):
    import rasterio
    from affine import Affine
    from PySide6.QtWidgets import QFileDialog

    cube = scene(12, 14, 3)
    profile = {"driver": "GTiff", "height": 12, "width": 14, "count": 1, "dtype": "uint16"}
    for band in range(3):
        name = tmp_path / f"B{band + 1}.tif"
        with rasterio.open(name, "w", transform=Affine(1, 0, 9, 0, -1, 7), **profile) as raster:
            raster.write(cube[:, :, band], 1)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(tmp_path))
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        driver.trigger("file.folder")
    np.testing.assert_array_equal(driver.document.cube.read(), cube)


def test_a_spectral_library_that_is_opened_is_offered_as_one(sample, tmp_path):
    lines = [f"{400 + 10 * k},{0.1 + k / 500}" for k in range(210)]
    path = tmp_path / "soil.csv"
    path.write_text("wavelength,soil\n" + "\n".join(lines) + "\n")
    sample.window.open(str(path))
    press(sample, "Open as a spectral library")
    sample.settle()
    panel = sample.window.panel("libraries")
    assert panel.model.rowCount() == 1
    assert not any("no cube" in text for text in sample.window.notices.texts())


PIXELS = "row,column,class\n3,4,2\n5,6,2\n"


def test_a_table_of_pixels_that_is_opened_is_offered_as_labels(sample, tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text(PIXELS)
    before = sample.document
    sample.window.open(str(path))
    press(sample, "Import labels")
    sample.qtbot.waitUntil(lambda: sample.document.labels.total > 0)
    assert sample.document is before
    assert np.argwhere(sample.document.labels.ids == 2).tolist() == [[3, 4], [5, 6]]


def test_an_offer_goes_with_the_scene_it_was_made_for(sample, tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text(PIXELS)
    sample.window.open(str(path))
    sample.qtbot.waitUntil(lambda: bool(sample.window.context.offers.texts()))
    np.save(tmp_path / "other.npy", scene(20, 30, 6))
    sample.open(str(tmp_path / "other.npy"))
    assert sample.window.context.offers.texts() == []


@pytest.mark.real_data
def test_a_map_of_the_scenes_size_is_offered_as_its_labels(sample, data_dir):
    truth = data_dir / "indian_pines" / "Indian_pines_gt.mat"
    scene_before = sample.document
    sample.window.open(str(truth))
    press(sample, "Import labels")
    sample.qtbot.waitUntil(lambda: sample.document.labels.total > 0)
    assert sample.document is scene_before
    assert sample.document.labels.total == 10249

    sample.window.open(str(data_dir / "ground_truth" / "92AV3GT.GIS"))
    sample.qtbot.waitUntil(lambda: bool(sample.window.context.offers.texts()))
    assert "Are they labels?" in sample.window.context.offers.texts()[-1]
    assert sample.document is scene_before


def test_a_map_of_the_scenes_size_opens_as_a_scene_if_wanted(driver, tmp_path):
    np.save(tmp_path / "scene.npy", scene(20, 30, 6))
    np.save(tmp_path / "map.npy", np.ones((20, 30), np.uint8))
    driver.open(str(tmp_path / "scene.npy"))
    driver.window.open(str(tmp_path / "map.npy"))
    press(driver, "Open as a scene")
    driver.qtbot.waitUntil(lambda: driver.document.cube.bands == 1)
    assert driver.document.cube.name == "map.npy"


def test_without_a_scene_a_table_of_pixels_is_refused(make_driver, tmp_path):
    driver = make_driver()
    path = tmp_path / "truth.csv"
    path.write_text(PIXELS)
    driver.window.open(str(path))
    driver.qtbot.waitUntil(lambda: bool(driver.window.notices.texts()))
    assert f"{path} cannot be opened as a hyperspectral cube" in driver.window.notices.texts()[-1]
    assert driver.window.context.offers.texts() == []


def test_long_names_do_not_widen_the_window(sample, tmp_path):
    width = sample.window.width()
    path = tmp_path / f"{'long_' * 40}.mat"
    savemat(path, {"gt": np.ones((9, 9), np.uint8)})
    sample.window.context.labelling.files.load(str(path), "labels")
    sample.qtbot.waitUntil(lambda: bool(sample.window.context.offers.texts()))
    sample.window.open(str(tmp_path / f"{'absent_' * 30}.hdr"))
    sample.qtbot.waitUntil(lambda: bool(sample.window.notices.texts()))
    QApplication.processEvents()
    assert sample.window.width() == width


def press(driver, text: str) -> None:
    """Press a button of the offer that comes."""
    offers = driver.window.context.offers
    driver.qtbot.waitUntil(lambda: bool(offers.offers))
    button = next(b for b in offers.offers[-1].buttons if b.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_without_a_scene_a_spectral_library_is_refused_and_the_doctor_is_not_asked(
    make_driver, data_dir, tmp_path, monkeypatch
):
    driver = make_driver()
    asked = []
    monkeypatch.setattr(DoctorDialog, "exec", lambda dialog: asked.append(dialog) or 0)
    for name in ("library_berlin.hdr", "library_berlin.sli"):
        (tmp_path / name).write_bytes((data_dir / "spectral_library" / name).read_bytes())
    for name in ("library_berlin.hdr", "library_berlin.sli"):
        with driver.qtbot.waitSignal(driver.window.context.opening.refused):
            driver.window.open(str(tmp_path / name))
        driver.settle()
        assert "open a scene first" in driver.window.notices.texts()[-1]
    assert asked == []


def test_wavelengths_are_taken_from_a_file(driver, tmp_path, monkeypatch):
    np.save(tmp_path / "scene.npy", scene(20, 30, 6))
    files = {"short.txt": "500\n600\n", "none.txt": "nothing\n"}
    files["bands.csv"] = "band,wavelength (um)\n" + "".join(
        f"{k},{0.5 + k / 10}\n" for k in range(6)
    )
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    wanted = iter(["", *(str(tmp_path / name) for name in files)])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (next(wanted), ""))
    driver.open(str(tmp_path / "scene.npy"))
    messages = []

    def edit(dialog: MetadataDialog) -> None:
        for _ in range(4):
            before = dialog.error.text()
            QTest.mouseClick(dialog.from_file, Qt.MouseButton.LeftButton)
            driver.settle()
            if not messages:
                assert dialog.error.text() == before
            messages.append(dialog.error.text())

    in_dialog(MetadataDialog, edit)
    driver.trigger("file.metadata")
    driver.qtbot.waitUntil(lambda: driver.document.cube.wavelengths is not None)
    driver.settle()
    assert messages[1] == "short.txt lists 2 wavelengths; the cube has 6 bands."
    assert "none.txt contains no wavelengths" in messages[2]
    assert messages[3] == "6 wavelengths taken from bands.csv."
    np.testing.assert_allclose(driver.document.cube.wavelengths, 500 + 100 * np.arange(6))


def lying(folder: Path, true: np.ndarray) -> str:
    """A raw file whose header asks for twice its bytes; returns the header's text."""
    (folder / "lies.img").write_bytes(np.ascontiguousarray(true).tobytes())  # bip
    header = "ENVI\nsamples = 50\nlines = 60\nbands = 24\ndata type = 4\ninterleave = bip\n"
    (folder / "lies.hdr").write_text(header)
    return header


def test_the_doctor_shows_the_answer_in_force_and_forgets_it(driver, tmp_path):
    true = scene(60, 50, 24)
    header = lying(tmp_path, true)
    seen: dict[str, object] = {}

    def halve(dialog: DoctorDialog) -> None:
        assert not dialog.forget.isVisible()
        dialog.fields.bands.setValue(12)

    in_dialog(DoctorDialog, halve)
    driver.open(str(tmp_path / "lies.hdr"))
    assert driver.document.cube.bands == 12
    assert "12 bands of uint16 need" in " ".join(driver.window.notices.texts())

    def look(dialog: DoctorDialog) -> None:
        seen["bands"] = dialog.fields.bands.value()
        seen["row"] = dialog.list.currentItem().text()
        seen["words"] = [label.text() for label in dialog.findChildren(QLabel)]
        QTest.mouseClick(dialog.forget, Qt.MouseButton.LeftButton)

    mended = header.replace("data type = 4", "data type = 12\nbyte order = 0")
    (tmp_path / "lies.hdr").write_text(mended)
    driver.open(str(tmp_path / "lies.hdr"))
    text = " ".join(driver.window.notices.texts())
    assert "as you chose in the header doctor, not as its header describes" in text
    in_dialog(DoctorDialog, look)
    driver.trigger("file.doctor")
    driver.qtbot.waitUntil(lambda: driver.document.cube.bands == 24)
    assert seen["bands"] == 12
    assert seen["row"].endswith("60 x 50 x 12\nuint16, BIP\nas you chose")
    assert any("earlier choice is used" in words for words in seen["words"])
    np.testing.assert_array_equal(driver.document.cube.read(), true)
    assert driver.document.cube.warnings == ()
    rest(driver)


@pytest.mark.parametrize("answered_before", [False, True])
def test_who_stays_with_the_scene_has_said_nothing_about_its_file(
    driver, tmp_path, monkeypatch, answered_before
):
    path = tmp_path / "m.mat"
    savemat(path, {"cube": scene(30, 40, 12)})
    sidecar = tmp_path / "m.mat.hsi.json"
    if answered_before:
        sidecar.write_text('{"axes": ["bands", "rows", "columns"]}')
    driver.open(str(path))
    before = driver.document.cube.shape
    driver.trigger("class.add")
    driver.click(3, 4)
    monkeypatch.setattr(driver.window.context.opening, "_may_leave", lambda: False)
    seen = []

    def turn(dialog: ArrayDialog) -> None:
        seen.append(dialog.axes.currentText())
        dialog.axes.setCurrentText("bands, columns, rows")

    in_dialog(ArrayDialog, turn)
    driver.trigger("file.doctor")
    driver.qtbot.waitUntil(lambda: bool(seen))
    driver.qtbot.waitUntil(
        lambda: (
            driver.window.feature("opening").repairing.answered is None
            and not driver.window.workspace.tasks.running
        )
    )
    assert seen == ["bands, rows, columns" if answered_before else "as guessed from the sizes"]
    assert driver.document.cube.shape == before
    assert driver.document.labels.ids[3, 4] == 1
    assert sidecar.exists() == answered_before
    if answered_before:
        assert json.loads(sidecar.read_text())["axes"] == ["bands", "rows", "columns"]


def test_values_of_any_kind_make_a_picture_and_a_spectrum(driver, tmp_path):
    base = scene(20, 30, 5).astype("f8") + 1
    kinds = ("complex64", "complex128", "bool", "float16", "huge", "tiny")
    for number, kind in enumerate(kinds):
        factor = {"huge": 1e300, "tiny": 1e-310}.get(kind, 1)
        array = base * factor if factor != 1 else base.astype("f4").astype(kind)
        if kind.startswith("complex"):
            array = array * (3 + 4j)
        if kind == "bool":
            array = base > np.median(base)
        np.save(tmp_path / f"{number}.npy", array)
        driver.open(str(tmp_path / f"{number}.npy"))
        driver.hover(3, 4)
        shown = driver.window.context.viewing.picture.rgba
        assert np.unique(shown[:, :, 0]).size > (1 if kind == "bool" else 50)
        _, y = driver.window.context.plot.live_values()
        np.testing.assert_allclose(y, np.abs(array[3, 4]).astype("f8"), rtol=1e-3)
        text = " ".join(driver.window.notices.texts())
        assert ("complex" in text) == kind.startswith("complex"), kind


def test_an_edit_of_the_metadata_keeps_pinned_spectra_and_tells_what_it_takes(driver, tmp_path):
    np.save(tmp_path / "scene.npy", scene(20, 30, 6))
    driver.open(str(tmp_path / "scene.npy"))
    driver.click(3, 4)
    driver.click(5, 6)
    before = driver.window.context.viewing.pinned_library().spectra
    colours = [curve.colour for curve in driver.window.context.plot.curves.of("pin")]
    driver.trigger("image.pca")
    driver.settle()
    in_dialog(MetadataDialog, lambda dialog: dialog.scale.setText("0.5"))
    driver.trigger("file.metadata")
    driver.qtbot.waitUntil(lambda: driver.document.cube.scale == 0.5)
    driver.settle()
    np.testing.assert_allclose(driver.window.context.viewing.pinned_library().spectra, before / 2)
    assert [curve.colour for curve in driver.window.context.plot.curves.of("pin")] == colours
    text = " ".join(driver.window.notices.texts())
    assert "Removed, because the metadata changed: Principal components." in text


def test_no_doctor_comes_for_what_is_known_to_be_something_else(driver, tmp_path):
    starts = {"a.gpkg": b"SQLite format 3\0", "a.xml": b"<?xml ?>", "a.pdf": b"%PDF-1.4"}
    content = np.sin(np.arange(80_000) / 300).astype("f4").tobytes()
    came = in_dialog(DoctorDialog, lambda dialog: dialog.reject())
    for name, start in starts.items():
        driver.window.notices.forget()
        (tmp_path / name).write_bytes(start + content)
        driver.window.open(str(tmp_path / name))
        driver.qtbot.waitUntil(lambda: bool(driver.window.notices.texts()))
        driver.settle()
        assert came == []

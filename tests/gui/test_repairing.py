from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from scipy.io import savemat

from hsi_viewer.ui.file_dialogs import ArrayDialog, DoctorDialog, MetadataDialog

OK = QDialogButtonBox.StandardButton.Ok


def in_dialog(kind: type, act) -> list[str]:
    """Act on the next modal dialog of a kind, then press its Ok; the list tells that it came."""
    came: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind):
            came.append(dialog.windowTitle())
            act(dialog)
            box = dialog.findChild(QDialogButtonBox)
            QTest.mouseClick(box.button(OK), Qt.MouseButton.LeftButton)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(20, look)
    return came


def scene(rows: int, columns: int, bands: int) -> np.ndarray:
    """Smooth in space and along the spectrum, as real scenes are."""
    r, c, b = np.mgrid[0:rows, 0:columns, 0:bands]
    values = 2000 + 900 * np.sin(r / 9) + 700 * np.cos(c / 7) + 500 * np.sin(b / 11 + r / 40)
    return values.astype(np.uint16)


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

    in_dialog(DoctorDialog, look)
    driver.open(str(tmp_path / "lies.hdr"))
    assert seen["readings"] >= 1
    np.testing.assert_array_equal(driver.document.cube.read(), true)
    assert (tmp_path / "lies.hdr").read_text() == header
    assert (tmp_path / "lies.img.hsi.json").exists()


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
    driver.qtbot.waitUntil(lambda: driver.document.cube.wavelengths is not None, timeout=10_000)
    driver.settle()
    cube = driver.document.cube
    np.testing.assert_allclose(cube.wavelengths, [500, 600, 700, 800, 900, 1000])
    assert cube.good_bands.tolist() == [True, True, False, True, True, True]
    assert (cube.nodata, cube.scale) == (0.0, 0.0001)
    assert driver.document.labels.ids[3, 4] == 1
    driver.hover(5, 5)
    x, y = driver.window.plot.live_values()
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
    came = in_dialog(DoctorDialog, lambda _dialog: None)
    driver.open(str(tmp_path / "bad_interleave.hdr"))
    assert came == ["Header doctor: bad_interleave"]
    assert "bup" in driver.window.notices.texts()[0]
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


@pytest.mark.parametrize("suffix", [".csv", ".sli"])
def test_pinned_spectra_are_saved_with_names_and_wavelengths(sample, tmp_path, monkeypatch, suffix):
    from PySide6.QtWidgets import QFileDialog

    from hsi_viewer.io.spectral_library import read_library

    sample.click(20, 30)
    sample.click(80, 90)
    path = tmp_path / f"pins{suffix}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    sample.trigger("file.spectra")
    sample.qtbot.waitUntil(lambda: path.exists() and not sample.window.busy.isVisible())
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
    with driver.qtbot.waitSignal(driver.window.opening.opened, timeout=10_000):
        driver.trigger("file.folder")
    np.testing.assert_array_equal(driver.document.cube.read(), cube)

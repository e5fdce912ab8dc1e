"""Scans of laboratory cameras become reflectance by the references beside them."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.cli.program import main
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.io.laboratory.hyspex_header import read_hyspex
from hsi_viewer.io.laboratory.references import role_of
from hsi_viewer.io.laboratory.scan import open_scan
from hsi_viewer.io.opening import open_cube
from tests.unit.cli.schemas import fitting
from tests.unit.io.laboratory.scan_files import (
    BANDS,
    COLUMNS,
    Bench,
    headwall,
    hyspex,
    resonon,
    specim,
    write_envi,
)

LAYOUTS = {"Specim": specim, "Headwall": headwall, "Resonon": resonon, "HySpex": hyspex}


@pytest.mark.parametrize("maker", LAYOUTS)
def test_folders_of_every_maker_open_as_reflectance(tmp_path, maker):
    bench = Bench()
    cube = open_cube(LAYOUTS[maker](tmp_path / "scan", bench))
    assert cube.format_name == "Laboratory scan"
    np.testing.assert_allclose(cube.read(), bench.reflectance, atol=2e-3)
    part = cube.read(slice(1, 12, 3), slice(2, 9, 2), [5, 0])
    np.testing.assert_array_equal(part, cube.read()[1:12:3, 2:9:2][:, :, [5, 0]])
    assert cube.good_bands.all()
    assert any("reflectance" in remark for remark in cube.warnings)


def test_exposure_times_are_respected_and_said(tmp_path):
    cube = open_cube(specim(tmp_path, Bench(), white_ms=2.0))
    assert any("exposure times differ (8 for the scan, 2 for" in text for text in cube.warnings)
    assert cube.read().max() < 0.95


@pytest.mark.parametrize("milliseconds", [1e300, 1e-300, 1e7])
def test_an_exposure_time_that_cannot_be_right_is_not_corrected_for(tmp_path, milliseconds):
    cube = open_cube(specim(tmp_path, Bench(), white_ms=4.0))
    for header in tmp_path.rglob("WHITEREF_*.hdr"):
        header.write_text(header.read_text().replace("tint = 4.0", f"tint = {milliseconds}"))
    wrong = open_cube(tmp_path / "plant")
    np.testing.assert_allclose(wrong.read(), cube.read() * 2, rtol=1e-5)
    assert any("cannot both be right" in warning for warning in wrong.warnings)


def test_a_dark_reference_of_another_exposure_is_said(tmp_path):
    folder = specim(tmp_path, Bench())
    for path in (folder / "capture").glob("WHITEDARKREF*"):
        path.unlink()
    warnings = open_cube(folder).warnings
    assert any("DARKREF_plant.hdr was exposed for 8" in text for text in warnings)


def test_without_a_dark_reference_it_says_so(tmp_path):
    folder = headwall(tmp_path / "scan", Bench())
    for path in folder.glob("dark*"):
        path.unlink()
    warnings = open_cube(folder).warnings
    assert any("no dark reference" in text for text in warnings)


def test_the_dark_reference_of_the_white_one_is_better_than_none(tmp_path):
    bench = Bench()
    folder = specim(tmp_path, bench)
    for path in (folder / "capture").glob("DARKREF*"):
        path.unlink()
    cube = open_cube(folder)
    np.testing.assert_allclose(cube.read(), bench.reflectance, atol=2e-3)
    assert any("WHITEDARKREF_plant.hdr was exposed for 4 and the scan" in w for w in cube.warnings)


def test_unfit_bands_are_marked_each_with_its_reason(tmp_path):
    bench = Bench()
    bench.lamp[:, :2] = 0.0  # dead
    bench.lamp[:, 7] = 2000.0  # saturated
    rng = np.random.default_rng(1)
    white = bench.counts(1.0, 5.0, 20)
    white[:, :, 3] = np.clip(rng.normal(400, 200, white.shape[:2]), 120, 4000)
    folder = tmp_path / "scan"
    scan = np.minimum(bench.counts(bench.reflectance, 5.0), 4095)
    write_envi(folder / "raw_0.hdr", scan, folder / "raw_0")
    white = np.minimum(white, 4095)
    write_envi(folder / "whiteReference.hdr", white, folder / "whiteReference")
    dark = bench.counts(0.0, 5.0, 20)
    write_envi(folder / "darkReference.hdr", dark, folder / "darkReference")
    cube = open_cube(folder)
    assert np.flatnonzero(~cube.good_bands).tolist() == [0, 1, 3, 7]
    said = [text for text in cube.warnings if "marked as bad" in text]
    assert [text.split(":")[1].split(",")[0].strip() for text in said] == [
        "dead", "saturated", "noisy",
    ]  # fmt: skip
    assert [text.partition(" marked")[0] for text in said] == [
        "Bands 1-2 are", "Band 8 is", "Band 4 is",
    ]  # fmt: skip


def test_a_dead_element_takes_the_value_of_the_next_column(tmp_path):
    bench = Bench()
    bench.lamp[4, 2] = 0.0
    cube = open_cube(headwall(tmp_path / "scan", bench))
    values = cube.read()
    assert cube.good_bands.all()
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(values[:, 4, 2], values[:, 3, 2])
    np.testing.assert_array_equal(
        cube.read(columns=slice(4, 6), bands=[2])[:, 0, 0], values[:, 3, 2]
    )


def test_values_above_1_are_said(tmp_path):
    bench = Bench()
    bench.reflectance[:3] = 1.4
    warnings = open_cube(headwall(tmp_path / "scan", bench)).warnings
    assert any(text.startswith("25.0 % of the values are above 1") for text in warnings)


def test_one_of_several_scans_is_named(tmp_path):
    folder = headwall(tmp_path / "scan", Bench(), scans=2)
    with pytest.raises(ChoiceNeededError) as needed:
        open_cube(folder)
    assert [choice.name for choice in needed.value.choices] == ["raw_0", "raw_1000"]
    assert open_cube(f"{folder}:raw_1000").name == "raw_1000"
    with pytest.raises(FormatError, match='holds no scan "raw_7"'):
        open_cube(f"{folder}:raw_7")


def test_each_scan_takes_the_references_of_its_name(tmp_path):
    bright = Bench(1)
    bright.lamp *= 3
    for name, bench in (("444", Bench(0)), ("445", bright)):
        specim(tmp_path, bench, name)
    both = tmp_path / "both"
    both.mkdir()
    for path in tmp_path.glob("*/capture/*"):
        path.rename(both / path.name)
    for name, bench in (("444", Bench(0)), ("445", bright)):
        values = open_cube(f"{both}:{name}").read()
        np.testing.assert_allclose(values, bench.reflectance, atol=2e-3)


def test_references_of_another_size_are_refused(tmp_path):
    folder = headwall(tmp_path / "scan", Bench())
    data = folder / "whiteReference"
    write_envi(folder / "whiteReference.hdr", np.ones((4, COLUMNS // 2, BANDS), np.uint16), data)
    with pytest.raises(FormatError, match=r"whiteReference.hdr: the white reference has 5 columns"):
        open_cube(folder)


@pytest.mark.parametrize(
    "name", ["dark_chocolate", "white_bean", "plant", "scene_white_matter", "snow"]
)
def test_samples_are_not_taken_for_references(name):
    assert role_of(name) is None


def test_a_folder_without_a_white_reference_is_no_laboratory_scan(tmp_path):
    bench = Bench()
    for stem in ("dark_chocolate", "milk_chocolate", "white_chocolate"):
        counts = bench.counts(bench.reflectance, 5.0)
        write_envi(tmp_path / f"{stem}.hdr", counts, tmp_path / f"{stem}.raw")
    with pytest.raises(FormatError, match="Open an image in it"):
        open_cube(tmp_path)


def test_convert_writes_reflectance(tmp_path, capsys):
    bench = Bench()
    folder = headwall(tmp_path / "scan", bench)
    scan, target = folder / "raw_0.hdr", tmp_path / "out.hdr"
    assert main(["convert", str(scan), "--reflectance", "--output", str(target), "--quiet"]) == 0
    np.testing.assert_allclose(open_cube(target).read(), bench.reflectance, atol=2e-3)
    plain = tmp_path / "plain.hdr"
    assert main(["convert", str(scan), "--output", str(plain), "--quiet"]) == 0
    assert open_cube(plain).dtype == np.uint16
    for name in ("white", "dark"):
        for path in folder.glob(f"{name}*"):
            path.rename(tmp_path / path.name)
    arguments = ["convert", str(scan), "--reflectance", "--output", str(tmp_path / "b.hdr")]
    assert main(arguments) == 1
    assert "no white reference lies beside it" in capsys.readouterr().err
    named = ["--white", str(tmp_path / "whiteReference.hdr")]
    named += ["--dark", str(tmp_path / "darkReference.hdr")]
    assert main([*arguments, *named, "--quiet"]) == 0
    np.testing.assert_allclose(open_cube(tmp_path / "b.hdr").read(), bench.reflectance, atol=2e-3)


def test_convert_says_what_is_odd_about_a_scan(tmp_path, capsys):
    folder = headwall(tmp_path / "scan", Bench())
    for path in folder.glob("dark*"):
        path.unlink()
    arguments = ["convert", str(folder / "raw_0.hdr"), "--reflectance", "--json", "--quiet"]
    assert main([*arguments, "--output", str(tmp_path / "out.hdr")]) == 0
    printed = capsys.readouterr()
    said = fitting(printed.out, "convert")["warnings"]
    assert any("no dark reference of the scan" in text for text in said)
    assert all(text in printed.err for text in said)


def test_a_reference_is_never_replaced(tmp_path, capsys):
    folder = headwall(tmp_path / "scan", Bench())
    before = (folder / "whiteReference").read_bytes()
    target = folder / "whiteReference.hdr"
    arguments = ["convert", str(folder / "raw_0.hdr"), "--reflectance", "--overwrite"]
    assert main([*arguments, "--output", str(target)]) == 1
    assert "choose another name" in capsys.readouterr().err
    assert (folder / "whiteReference").read_bytes() == before


def test_a_scan_opened_by_its_data_file(tmp_path):
    bench = Bench()
    folder = resonon(tmp_path / "scan", bench)
    np.testing.assert_allclose(open_scan(folder / "leaf.bil").read(), bench.reflectance, atol=2e-3)


def test_impossible_detectors_are_refused(tmp_path):
    folder = headwall(tmp_path / "scan", Bench())
    for stem in ("raw_0", "whiteReference", "darkReference"):
        header = folder / f"{stem}.hdr"
        text = header.read_text("utf-8").replace("samples = 10\n", "samples = 900000\n")
        header.write_text(text.replace("bands = 8\n", "bands = 9000\n"), "utf-8")
        with (folder / stem).open("r+b") as file:
            file.truncate(12 * 900_000 * 9000 * 2)
    with pytest.raises(FormatError, match="more than any camera has"):
        open_cube(folder)


def test_a_hyspex_file_whose_header_is_cut_short_has_no_dark_reference(tmp_path):
    folder = hyspex(tmp_path / "scan", Bench())
    for path in folder.glob("*.hdr"):
        text = path.read_text("utf-8")
        data = path.with_suffix(".hyspex")
        data.write_bytes(data.read_bytes()[:2300])
        path.write_text(text.replace("lines = 12\n", "lines = 1\n"), "utf-8")
    assert (
        read_hyspex(folder / "ore_VNIR_1800_SN00840_raw.hyspex", COLUMNS, BANDS).background is None
    )

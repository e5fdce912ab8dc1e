"""What is printed with --json is one object that fits its schema, in success and in failure."""

from __future__ import annotations

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from hsi_viewer.cli import main
from hsi_viewer.core import errors
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io.writers.cube_writer import write_cube
from tests.unit.cli.schemas import SCHEMAS, fitting, schema

NAMES = sorted(path.stem for path in SCHEMAS.glob("*.json"))


def test_every_schema_is_one_and_is_listed():
    listed = (SCHEMAS / "README.md").read_text("utf-8")
    maps, guidance = ["areas", "clean", "polygons", "sample"], ["check-labels", "suggest"]
    others = ["assess", "batch", "convert", "error", "facts", "info", "report", "train", "verify"]
    assert sorted([*maps, *guidance, *others, "model-report"]) == NAMES
    for name in NAMES:
        Draft202012Validator.check_schema(schema(name))
        assert f"({name}.json)" in listed


@pytest.fixture
def cube(tmp_path):
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    waves = np.array([400.0, 500.0, 600.0, 700.0])
    write_cube(HyperCube.from_array(values, wavelengths=waves, nodata=-1.0), tmp_path / "a.hdr")
    np.save(tmp_path / "plain.npy", values)
    np.save(tmp_path / "nan.npy", np.full((2, 3, 4), np.nan))
    return tmp_path


@pytest.mark.parametrize("name", ["a.hdr", "plain.npy", "nan.npy"])
def test_info(cube, capsys, name):
    assert main(["info", str(cube / name), "--json"]) == 0
    facts = fitting(capsys.readouterr().out, "info")
    assert (facts["rows"], facts["columns"], facts["bands"]) == (2, 3, 4)


def test_info_of_a_spectral_library(tmp_path, capsys):
    values = np.ones((3, 1, 5), np.float32)
    write_cube(HyperCube.from_array(values), tmp_path / "a.hdr")
    text = (tmp_path / "a.hdr").read_text().replace("ENVI Standard", "ENVI Spectral Library")
    text = text.replace("samples = 1", "samples = 5").replace("bands = 5", "bands = 1")
    (tmp_path / "a.hdr").write_text(text.replace("interleave = bil", "interleave = bsq"))
    assert main(["info", str(tmp_path / "a.hdr"), "--json"]) == 0
    facts = fitting(capsys.readouterr().out, "info")
    assert (facts["format"], facts["rows"]) == ("ENVI spectral library", 3)


def test_convert(cube, capsys):
    target = cube / "b.tif"
    assert main(["convert", str(cube / "a.hdr"), "-o", str(target), "--json"]) == 0
    assert fitting(capsys.readouterr().out, "convert")["files"] == [str(target)]


@pytest.mark.parametrize(
    ("arguments", "kind", "status"),
    [
        (["info", "--json"], "usage", 2),
        (["clasify", "--json"], "usage", 2),
        (["classify", "a.npy", "--lables", "b.npy", "--json"], "usage", 2),
        (["info", "", "--json"], "usage", 2),
        (["info", "nowhere.hdr", "--json"], "file", 1),
        (["convert", "plain.npy", "-o", "b.xyz", "--json"], "export", 1),
        (["convert", "plain.npy", "-o", "b.npy", "--rows", "5:9", "--json"], "export", 1),
        (["classify", "plain.npy", "--labels", "few.npy", "-o", "o", "--json"], "label", 1),
        (["apply", "nowhere", "plain.npy", "-o", "o", "--json"], "file", 1),
    ],
)
def test_an_error_is_one_object_and_one_line(cube, monkeypatch, capsys, arguments, kind, status):
    monkeypatch.chdir(cube)
    np.save(cube / "few.npy", np.zeros((2, 3), np.uint8))
    assert main(arguments) == status
    out, err = capsys.readouterr()
    error = fitting(out, "error")["error"]
    assert (error["kind"], error["status"]) == (kind, status)
    assert err == f"hsi-viewer: {error['message']}\n"


NAMED = [name for name in dir(errors) if name.endswith("Error")]
KINDS = {n: n.removesuffix("Error").lower() for n in NAMED} | {"HsiError": "other"}


@pytest.mark.parametrize("name", KINDS)
def test_each_error_of_the_table_has_its_kind(monkeypatch, capsys, name):
    class OneOfThem(getattr(errors, name)):
        """As modules derive them."""

    def failing(source, diagnose):
        raise OneOfThem("Something is wrong.")

    monkeypatch.setattr("hsi_viewer.io.info_in_time.found_in_time", failing)
    assert main(["info", "a.hdr", "--json"]) == 1
    assert fitting(capsys.readouterr().out, "error")["error"]["kind"] == KINDS[name]


def test_an_interrupt_is_an_object_too(monkeypatch, capsys):
    def interrupted(source, diagnose):
        raise KeyboardInterrupt

    monkeypatch.setattr("hsi_viewer.io.info_in_time.found_in_time", interrupted)
    assert main(["info", "a.hdr", "--json"]) == 130
    assert fitting(capsys.readouterr().out, "error")["error"]["kind"] == "interrupted"


def test_a_fault_of_the_program_is_an_object_and_still_a_traceback(monkeypatch, capsys):
    def wrong(source, diagnose):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("hsi_viewer.io.info_in_time.found_in_time", wrong)
    with pytest.raises(ZeroDivisionError):
        main(["info", "a.hdr", "--json"])
    error = fitting(capsys.readouterr().out, "error")["error"]
    assert (error["kind"], error["status"]) == ("internal", 1)
    with pytest.raises(ZeroDivisionError):
        main(["info", "a.hdr"])
    assert capsys.readouterr().out == ""

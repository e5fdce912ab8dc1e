"""Plug-ins of packages on the path: those that load, and those that cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hsi_viewer.core import entry_points
from tests.plug_in_packages import make_package

GROUP = "hsi_viewer.formats"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return folder


def test_nothing_installed_is_nothing():
    assert entry_points.load(GROUP) == ((), ())
    assert not entry_points.has_plug_ins(GROUP)


def test_entries_are_loaded_by_name_with_package_and_version(site):
    make_package(site, "two_rows", "b = 'second'\na = 'first'", {GROUP: {"b": "b", "a": "a"}})
    assert entry_points.has_plug_ins(GROUP)
    assert entry_points.load(GROUP) == (("first", "second"), ())
    found = entry_points.plug_ins(GROUP)
    assert [(p.name, p.kind, p.package, p.version) for p in found] == [
        ("a", "Format", "two_rows", "1.2"),
        ("b", "Format", "two_rows", "1.2"),
    ]
    assert entry_points.load("hsi_viewer.panels") == ((), ())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError"),
        ("raise RuntimeError('out of luck')", "RuntimeError: out of luck"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("def broken(", "SyntaxError"),
        ("other = 1", "AttributeError"),
    ],
)
def test_a_plug_in_that_fails_is_a_sentence_with_its_name(site, code, expected):
    make_package(site, "broken_one", code, {GROUP: {"faulty": "row"}})
    make_package(site, "good_one", "row = 'good'", {GROUP: {"good": "row"}})
    objects, problems = entry_points.load(GROUP)
    assert objects == ("good",)
    (problem,) = problems
    assert problem.startswith("The plug-in faulty of broken_one could not be loaded: ")
    assert expected in problem


def test_damaged_metadata_of_any_package_keep_no_other_out(site):
    make_package(site, "good_two", "row = 'good'", {GROUP: {"good": "row"}})
    damaged = make_package(site, "damaged_one", "row = 'bad'", {})
    (damaged / "entry_points.txt").write_text(f"[{GROUP}]\nno equals sign\n", encoding="utf-8")
    assert entry_points.load(GROUP) == (("good",), ())
    assert entry_points.has_plug_ins(GROUP)


def test_a_second_copy_further_down_the_path_is_passed_over(site, tmp_path, monkeypatch):
    older = tmp_path / "older"
    older.mkdir()
    make_package(older, "twice", "row = 'old'", {GROUP: {"row": "row"}})
    make_package(site, "twice", "row = 'new'", {GROUP: {"row": "row"}})
    monkeypatch.setattr(sys, "path", [*sys.path, str(older)])
    assert entry_points.load(GROUP) == (("new",), ())

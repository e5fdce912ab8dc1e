"""Formats of packages outside stand in the table, or are refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hsi_viewer.io.other_formats import GROUP, OtherFormats
from tests.plug_in_packages import make_package

ROW = (
    "from hsi_viewer.plugins import Format\n"
    "row = Format('{name}', 'Made', ('*.made',), lambda path, start: False, None)"
)


@pytest.mark.parametrize(
    ("module", "code", "expected"),
    [
        ("format_good", ROW.format(name="made"), ""),
        ("format_text", "row = 'text'", "of format_text was left out: it isn't a Format"),
        ("format_taken", ROW.format(name="envi"), 'there is another format of the name "envi"'),
        ("format_failing", "raise OSError('no disk')", "could not be loaded: OSError: no disk"),
    ],
)
def test_each_is_listed_with_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch, module, code, expected
):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    make_package(tmp_path, module, code, {GROUP: {"entry": "row"}})
    others = OtherFormats(["envi"])
    (listed,) = others.installed()
    assert (listed.name, listed.package, listed.version) == ("entry", module, "1.2")
    assert expected in listed.problem
    assert bool(listed.problem) == bool(expected)
    assert [row.name for row in others.rows()] == ([] if expected else ["made"])
    assert others.problems() == ((listed.problem,) if expected else ())
    assert others.problems() == ()

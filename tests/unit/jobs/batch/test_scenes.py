"""The scenes of a batch: tables of them, regions, and folders that never collide."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.jobs.batch.scenes import Scene, folder_names, plain_name, read_table, region_of

ODD = ("a", "A", "a_2", "ä", "a\u0308", "", ".", "..", "con", "COM1.img", "x/y", "x\\y", "x" * 300)
NAMES = st.sampled_from(ODD) | st.text(max_size=12)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_table_of_any_spreadsheet_is_read(tmp_path, delimiter, encoding):
    rows = [
        ["Name", "PATH", "Region", "date"],
        ["Süd", "sub/a.hdr", ' "rows 1:5, columns 2:7"', "2026"],  # typed by hand
        [],
        ["", str(tmp_path / "b.img"), "", ""],
        ["", "sample:indian-pines"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    scenes, notes = read_table(tmp_path / "t.csv")
    assert scenes == [
        Scene(str(tmp_path / "sub/a.hdr"), (1, 5), (2, 7), "Süd"),
        Scene(str(tmp_path / "b.img")),
        Scene("sample:indian-pines"),
    ]
    assert notes == [f"{tmp_path / 't.csv'}: these columns are not used: date."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("file,name\na,b\n", "one of which is path|of which one is path"),
        ("path\n", "names no scene"),
        ("path,path\na,b\n", "two columns are called path"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(FormatError, match=message):
        read_table(tmp_path / "t.csv")
    with pytest.raises(FileError, match="does not exist"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("line", "name", "message"),
    [
        ("b.hdr,north,", "line 3", 'the region "north" cannot be read'),
        ("b.hdr,3:3 0:5,strip", "strip", 'the region "3:3 0:5" is empty'),
        (",,strip", "strip", "it has no path"),
        ("b.hdr,rows 0:2, columns 3:5,", "columns 3:5", 'the region "rows 0:2" cannot be read'),
        ("b,1.hdr,0:9 3:5,north", "line 3", "more cells than the first line; put a path or a"),
        ('"b.hdr,,', "line 3", "a quotation mark in it is never closed"),
    ],
)
def test_a_wrong_line_is_a_flawed_scene_among_the_others(tmp_path, line, name, message):
    table = tmp_path / "t.csv"
    table.write_text(f"path,region,name\na.hdr,,\n{line}\nc.hdr,,\n")
    scenes, _ = read_table(table)
    assert [scene.flaw for scene in (scenes[0], scenes[2])] == ["", ""]
    wrong = scenes[1]
    assert wrong.name == name
    assert wrong.flaw.startswith(f"{table}: line 3: ")
    assert message in wrong.flaw
    with pytest.raises(FormatError, match="line 3"):
        wrong.opened()


def test_no_folder_is_named_as_the_summary():
    assert folder_names([Scene("summary.csv.img")]) == ["summary.csv_2"]


@pytest.mark.parametrize("text", ["0:9,3:5", "0:9 3:5", "rows 0:9, columns 3:5", "Rows 0:9;3:5"])
def test_regions_may_be_written_in_several_ways(text):
    assert region_of(text) == ((0, 9), (3, 5))


def test_a_region_is_a_part_of_the_cube(tmp_path):
    values = np.arange(8 * 6 * 3).reshape(8, 6, 3)
    np.save(tmp_path / "a.npy", values)
    part = Scene(str(tmp_path / "a.npy"), (2, 5), (1, 6)).opened()
    np.testing.assert_array_equal(part.read(), values[2:5, 1:6])
    with pytest.raises(ExportError, match="not within 0 to 8"):
        Scene(str(tmp_path / "a.npy"), (2, 9), (1, 6)).opened()


@settings(max_examples=30, deadline=None)
@given(st.lists(NAMES, max_size=12), st.lists(NAMES, max_size=6))
def test_folders_never_collide_and_are_valid_everywhere(names, earlier):
    known = [
        (Scene(f"{i}.hdr", name=n), n)
        for i, n in enumerate(
            folder_names([Scene(f"{i}.hdr", name=n) for i, n in enumerate(earlier)])
        )
    ]
    scenes = [Scene(f"new{i}.hdr", name=n) for i, n in enumerate(names)]
    found = folder_names(scenes, known)
    everything = [*found, *(name for _, name in known)]
    keys = {unicodedata.normalize("NFKC", name).casefold() for name in everything}
    assert len(keys) == len(everything)
    for name in found:
        assert name == name.strip(" .") != ""
        assert not set(name) & set('<>:"/\\|?*\0')
        assert len(name) <= 110


def test_a_scene_keeps_its_folder_when_the_table_changes():
    first = [Scene("a/x.hdr"), Scene("b/x.hdr"), Scene("a/x.hdr")]
    names = folder_names(first)
    assert names == ["x", "x_2", "x_3"]
    known = list(zip(first, names, strict=True))
    assert folder_names([Scene("c/x.hdr"), Scene("b/x.hdr")], known) == ["x_4", "x_2"]
    assert plain_name("nul") == "nul_"

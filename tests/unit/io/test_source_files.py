"""Files of a scene that are no longer those that were opened."""

from __future__ import annotations

import os

import pytest

from hsi_viewer.io.source_files import SourceFiles


@pytest.fixture
def header(tmp_path):
    (tmp_path / "a.hdr").write_text("ENVI\nsamples = 2\nlines = 2\nbands = 1\ndata type = 1\n")
    (tmp_path / "a.img").write_bytes(bytes(4))
    return tmp_path / "a.hdr"


@pytest.mark.parametrize("name", ["a.hdr", "a.img"])
def test_header_and_data_are_looked_at_whichever_was_opened(header, name):
    files = SourceFiles(header.with_name(name))
    assert files.change() == ""
    os.utime(header.with_suffix(".img"), ns=(1, 1))
    assert files.change().startswith("a.img changed since the scene was opened")
    header.write_text(header.read_text() + ";")
    assert files.change().startswith("a.hdr and a.img changed since")


def test_a_file_whose_name_another_takes_and_one_that_goes_have_changed(header):
    files, other = SourceFiles(header), header.with_name("other")
    data = header.with_suffix(".img")
    other.write_bytes(data.read_bytes())
    os.utime(other, ns=(data.stat().st_atime_ns, data.stat().st_mtime_ns))
    other.replace(data)
    assert files.change().startswith("a.img changed")
    files = SourceFiles(header)
    data.unlink()
    assert files.change().startswith("a.img changed")


def test_scenes_without_a_file_and_folders_never_change(tmp_path):
    files, folder = SourceFiles(None), SourceFiles(tmp_path)
    (tmp_path / "export").touch()
    assert (files.change(), folder.change()) == ("", "")
    assert SourceFiles(tmp_path / "gone").change() == ""

"""Files appear whole or not at all, whatever ends the writing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hsi_viewer.atomic import followed, remove_leftovers, replacing
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.progress import TaskCancelledError


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir() if p.is_file()}


def write_all(*targets: Path) -> None:
    with replacing(*targets) as new:
        for path in new:
            path.write_text("new")


def test_a_pair_is_replaced_together(tmp_path):
    data, header = tmp_path / "a.img", tmp_path / "a.hdr"
    data.write_text("old")
    header.write_text("old")
    with replacing(data, header) as (new_data, new_header):
        new_data.write_text("new data")
        new_header.write_text("new header")
        assert data.read_text() == header.read_text() == "old"
    assert (data.read_text(), header.read_text()) == ("new data", "new header")
    assert names(tmp_path) == {"a.img", "a.hdr"}


@pytest.mark.parametrize("error", [TaskCancelledError(), ValueError("bad"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_and_no_rubbish(tmp_path, error):
    target = tmp_path / "a.npy"
    target.write_text("old")

    def write() -> None:
        with replacing(target) as (new,):
            new.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert target.read_text() == "old"
    assert names(tmp_path) == {"a.npy"}


def test_a_failing_second_rename_takes_the_first_back(tmp_path, monkeypatch):
    data, header = tmp_path / "a.img", tmp_path / "a.hdr"
    data.write_text("old")
    header.write_text("old")
    real = Path.replace

    def replace(self, target):
        if Path(target) == header and not self.name.endswith(".old"):
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(ExportError, match=r"No space left.*; the previous file is unchanged\."):
        write_all(data, header)
    assert data.read_text() == header.read_text() == "old"
    assert names(tmp_path) == {"a.img", "a.hdr"}


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match=r"file/a\.npy could not be written") as refused:
        write_all(tmp_path / "file" / "a.npy")
    assert str(refused.value).endswith("free some space.")  # there was no file before


def test_a_link_gives_way_and_its_file_stays(tmp_path):
    archive, link = tmp_path / "archive.img", tmp_path / "a.img"
    archive.write_text("old")
    archive.chmod(0o600)
    link.symlink_to(archive)
    write_all(link)
    assert (archive.read_text(), link.read_text(), link.is_symlink()) == ("old", "new", False)
    assert followed(link) == link


def test_a_link_that_leads_to_itself_is_replaced(tmp_path):
    loop = tmp_path / "a.npy"
    loop.symlink_to(loop)
    assert followed(loop).name == "a.npy"
    write_all(loop)
    assert loop.read_text() == "new"
    assert not loop.is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "a.npy"
    path.write_text("old")
    path.chmod(mode)
    write_all(path)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == mode


def test_a_write_protected_file_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "a.npy"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    message = r"a\.npy could not be written: the file is write-protected.*file is unchanged\."
    with pytest.raises(ExportError, match=message):
        write_all(path)
    assert path.read_text() == "old"


def test_no_permission_is_reported(tmp_path, monkeypatch):
    def refuse(self, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ExportError, match="Permission denied"):
        write_all(tmp_path / "a.npy")


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError
from hsi_viewer.io.labels.label_writer import write_labels
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
ids = np.ones((100, 100), np.uint16)
try:
    write_labels(Path(sys.argv[1]), ids, ClassLegend(), HyperCube.from_array(ids[:, :, None]))
except ExportError as error:
    print("ExportError", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file size are a POSIX matter")
@pytest.mark.parametrize("name", ["labels.hdr", "labels.npy"])
def test_a_full_disk_leaves_the_old_file(tmp_path, name):
    (tmp_path / name).write_text("old")
    command = [sys.executable, "-B", "-c", FULL_DISK, str(tmp_path / name)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("ExportError")
    assert (tmp_path / name).read_text() == "old"
    assert names(tmp_path) == {name}


KILLED = """
import os, signal, sys
from pathlib import Path
from hsi_viewer import atomic
data, header = Path(sys.argv[1]), Path(sys.argv[2])
steps = int(sys.argv[3])
real = Path.replace
def replace(self, target):
    global steps
    steps -= 1
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
Path.replace = replace
with atomic.replacing(data, header) as new:
    for path in new:
        path.write_text("new")
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX matter")
@pytest.mark.parametrize("steps", range(4))
def test_a_kill_is_healed_by_the_next_write(tmp_path, steps):
    data, header = tmp_path / "a.img", tmp_path / "a.hdr"
    data.write_text("old")
    header.write_text("old")
    command = [sys.executable, "-c", KILLED, str(data), str(header), str(steps)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    texts = {p.read_text() for p in (data, header) if p.exists()}
    assert texts <= {"old"} or not header.exists(), "an old header beside new data"
    remove_leftovers(data, header)
    assert data.read_text() == header.read_text() == "old"
    write_all(data, header)
    assert data.read_text() == header.read_text() == "new"
    assert names(tmp_path) == {"a.img", "a.hdr"}


def test_a_finished_exchange_is_not_taken_back_by_a_write_to_other_files(tmp_path):
    image, header = tmp_path / "x.img", tmp_path / "x.hdr"
    for path in (image, header):  # written, but killed before the old was cleared away
        path.write_text("new")
        path.with_name(f".{path.name}.999999-{'0' * 8}.old").write_text("old")
    remove_leftovers(image, tmp_path / "x.img.hdr")
    assert image.read_text() == header.read_text() == "new"


def test_a_side_file_that_cannot_go_is_no_reason_to_call_the_file_unwritten(tmp_path):
    (tmp_path / "a.tif.ovr").mkdir()
    with replacing(tmp_path / "a.tif") as (new,):
        new.write_text("new")
    assert (tmp_path / "a.tif").read_text() == "new"

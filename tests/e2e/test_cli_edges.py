"""The command line where the system says no, or what was typed makes no sense."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.cli import main
from hsi_viewer.core.postprocess.region_strips import MOST_BORDERS
from tests.patience import PATIENCE
from tests.unit.learning.made import made_scene

SAMPLE = "sample:indian-pines"
COMMAND = (sys.executable, "-m", "hsi_viewer.cli")
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and devices of POSIX")


@pytest.mark.parametrize(
    ("option", "value", "status"),
    [
        ("--bands", "0:99999999999", 2),
        ("--bands", "9" * 5000, 2),
        ("--bands", "0:9999999,3", 2),
        ("--bands", "3:1", 1),
        ("--rows", f"0:{'9' * 5000}", 2),
        ("--columns", "²:3", 2),
        ("--wavelengths", "x" * 5000, 2),
        ("--wavelengths", "nan", 1),
    ],
)
def test_a_number_that_makes_no_sense_is_an_error_in_one_short_line(
    tmp_path, capsys, option, value, status
):
    assert main(["convert", SAMPLE, str(tmp_path / "a.npy"), option, value]) == status
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert len(error) < 300
    assert "invalid" not in error
    assert not (tmp_path / "a.npy").exists()


def test_a_seed_of_many_digits_is_named_in_part(tmp_path, capsys):
    arguments = ["--labels", f"{SAMPLE}/labels", "--output", str(tmp_path / "out")]
    assert main(["classify", SAMPLE, *arguments, "--seed", "7" * 5000]) == 2
    assert "a seed is a whole number in 0..4294967295, not 7777" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["c.npy", "c.hdr", "c.img"])
def test_a_part_of_a_file_that_has_none_is_refused(tmp_path, capsys, name):
    source = tmp_path / name
    assert main(["convert", SAMPLE, str(source), "--rows", "0:2"]) == 0
    assert main(["info", f"{source}:foo"]) == 1
    assert f'{source} contains a single unnamed image; leave out ":foo"' in " ".join(
        capsys.readouterr().err.split()
    )


def test_apply_without_a_model_leaves_no_folder(tmp_path):
    output = tmp_path / "out"
    assert main(["apply", str(tmp_path / "no model"), SAMPLE, "--output", str(output)]) == 1
    assert not output.exists()


@POSIX
def test_a_picture_of_the_window_below_a_file_is_refused(qapp, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "a.png"
    assert main(["open", SAMPLE, "--screenshot", str(target)]) == 1
    assert f"{target} could not be written" in capsys.readouterr().err


@POSIX
def test_a_reader_that_closes_the_pipe_ends_the_program_in_silence():
    read, write = os.pipe()
    os.close(read)
    command = [*COMMAND, "info", SAMPLE]
    try:
        ended = subprocess.run(
            command, stdout=write, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (1, "")


CLOSED = {
    "info": ("info", "cube.npy"),
    "info --json": ("info", "cube.npy", "--json"),
    "a missing cube": ("info", "nowhere.hdr"),
    "convert": ("convert", "cube.npy", "a.npy", "--rows", "0:2"),
    "classify": ("classify", "cube.npy", "--labels", "nowhere.npy", "--output", "out"),
    "apply": ("apply", "nowhere", "cube.npy", "--output", "out"),
    "help": ("--help",),
    "a wrong option": ("info", "--no-such-option"),
    "open": ("open", "cube.npy", "--screenshot", "a.png"),
}


@POSIX
@pytest.mark.parametrize(
    ("name", "streams"),
    [
        *((n, (1,)) for n in CLOSED),
        *((n, (0, 1, 2)) for n in ("info", "convert", "classify", "a wrong option")),
        ("info", (2,)),
        ("a missing cube", (2,)),
    ],
)
def test_closed_standard_streams_end_no_command_in_a_traceback(tmp_path, name, streams):
    """What is printed goes nowhere, above all into no file that is opened in its place."""
    np.save(tmp_path / "cube.npy", np.ones((4, 5, 6)))
    close = " ".join(f"{number}>&-" for number in streams)
    script = f'{sys.executable} -m hsi_viewer.cli "$@" {close}'
    environment = {
        **os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[2])
    }  # fmt: skip
    ended = subprocess.run(
        ["sh", "-c", script, "sh", *CLOSED[name]],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment,
    )
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.returncode in ((2,) if name == "a wrong option" else (0, 1))
    if 1 in streams:
        assert ended.stdout == ""
    if 2 in streams:
        assert ended.stderr == ""
        assert "hsi-viewer:" not in ended.stdout
    if streams == (1,) and name.startswith(("info", "convert")):
        assert ended.returncode == 1
        assert ended.stderr.endswith(
            "hsi-viewer: Standard output is closed: nothing can be printed there.\n"
        )
    if name == "convert":
        assert np.load(tmp_path / "a.npy").shape == (2, 5, 6)
    if name == "open":
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_standard_output_is_reported():
    with Path("/dev/full").open("w") as full:
        command = [*COMMAND, "info", SAMPLE, "--json"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("hsi-viewer: Standard output could not be written: No space")
    assert ended.stderr.count("\n") == 1


@POSIX
def test_names_that_the_terminal_cannot_show_are_printed_all_the_same(tmp_path):
    target = tmp_path / "Ähre \udcff.npy"
    command = [*COMMAND, "convert", SAMPLE, str(target), "--rows", "0:2"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    ended = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert b"\\xc4hre" in ended.stdout
    assert np.load(target).shape == (2, 145, 200)


@POSIX
@pytest.mark.parametrize(
    ("sent", "status", "expected", "name"),
    [
        (signal.SIGTERM, 143, "terminated", "t.hdr"),
        (signal.SIGTERM, 143, "terminated", "t.tif"),
        (signal.SIGTERM, 143, "terminated", "t.zarr"),
        (signal.SIGINT, 130, "interrupted", "t.hdr"),
    ],
)
def test_a_signal_in_the_middle_of_convert_leaves_the_old_file_alone(
    tmp_path, sent, status, expected, name
):
    source, target = tmp_path / "source.npy", tmp_path / "out" / name
    big = np.lib.format.open_memmap(source, "w+", "f8", (6000, 1000, 50))  # sparse: 2.4 GB
    big.flush()
    del big
    subprocess.run([*COMMAND, "convert", SAMPLE, str(target), "--rows", "0:2"], check=True)
    before = {path: _bytes(path) for path in target.parent.iterdir()}
    command = [*COMMAND, "convert", str(source), str(target), "--overwrite"]
    running = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run in the background of a shell hand on that interrupts are ignored.
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),
    )
    try:
        while not any(path not in before for path in target.parent.iterdir()):
            assert running.poll() is None, running.stderr.read()
            select.select([], [], [], 0.01)
        running.send_signal(sent)
        error = running.communicate(timeout=PATIENCE)[1]
    finally:
        running.kill()
    assert running.returncode == status
    assert error.endswith(f"hsi-viewer: {expected}\n")
    assert {path: _bytes(path) for path in target.parent.iterdir()} == before


@POSIX
def test_an_interrupt_of_polygons_leaves_no_half_file(tmp_path):
    """Of forty strips of one row each, so that the first are written while the others are to come.

    A row has as many borders as a strip may have, and few regions, which are soon written.
    """
    made, folder, temporary = tmp_path / "map.npy", tmp_path / "written", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    ids = np.lib.format.open_memmap(made, "w+", np.uint8, (40, MOST_BORDERS))
    ids[0::2], ids[1::2] = 1, 2
    del ids
    arguments = [str(made), str(folder / "p.gpkg"), "--objects", str(folder / "o.csv")]
    running = subprocess.Popen(
        [*COMMAND, "polygons", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:  # until the table and the polygons have begun
        while not (list(folder.iterdir()) and list(temporary.glob("*/*.gpkg"))):
            assert running.poll() is None, running.stderr.read()
            select.select([], [], [], 0.01)
        running.send_signal(signal.SIGINT)
        error = running.communicate(timeout=PATIENCE)[1]
    finally:
        running.kill()
    assert running.returncode == 130
    assert error.endswith("hsi-viewer: interrupted\n")
    assert "Traceback" not in error
    assert not list(folder.iterdir())
    assert not list(temporary.iterdir())


@POSIX
@pytest.mark.parametrize(
    ("sent", "status", "expected"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")],
)
def test_a_signal_while_classify_trains_leaves_no_folder(tmp_path, sent, status, expected):
    (tmp_path / "there").mkdir()
    cube, truth = made_scene()
    np.save(tmp_path / "cube.npy", cube.read())
    np.save(tmp_path / "labels.npy", np.where(np.arange(36) % 9 == 0, truth, 0))
    output = tmp_path / "there" / "a" / "b"
    arguments = ["--labels", str(tmp_path / "labels.npy"), "--output", str(output)]
    command = [*COMMAND, "classify", str(tmp_path / "cube.npy"), *arguments, "--device", "cpu"]
    running = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # what runs in the background of a shell is born deaf to Ctrl+C
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),
    )
    try:
        while not (line := running.stderr.readline()).startswith("  epoch"):
            assert line, "it ended before it trained"
        assert output.is_dir()
        running.send_signal(sent)
        error = running.communicate(timeout=PATIENCE)[1]
    finally:
        running.kill()
    assert running.returncode == status
    assert error.endswith(f"hsi-viewer: {expected}\n")
    assert "Traceback" not in error
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file size are a POSIX matter")
def test_a_disk_that_is_full_at_the_export_is_reported_in_one_line(tmp_path, monkeypatch, capsys):
    import resource

    values = np.random.default_rng(0).normal(9, 1, (100, 100, 5))
    labels = np.zeros((100, 100), np.uint8)
    labels[3:6, 3:6], labels[40:44, 40:44] = 1, 2
    values[labels == 2] += 9
    np.save(tmp_path / "cube.npy", values)
    np.save(tmp_path / "labels.npy", labels)
    output = tmp_path / "a" / "out"
    sources = [str(tmp_path / "cube.npy"), "--labels", str(tmp_path / "labels.npy")]
    options = ["--classifier", "lda", "--output", str(output)]  # trained in a moment
    # compiled files that are cut off would be imported by others
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, hard))
    try:
        status = main(["classify", *sources, *options])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == 1
    error = capsys.readouterr().err
    last = error.splitlines()[-1]
    assert last.startswith(f"hsi-viewer: {output / 'class_map.img'} could not be written")
    assert "Traceback" not in error
    assert not output.parent.exists()


def _bytes(path: Path) -> object:
    if path.is_dir():
        return {p.relative_to(path): _bytes(p) for p in path.rglob("*") if p.is_file()}
    return path.read_bytes()

"""How the command line reads its arguments and speaks of errors; no cube is read here."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from hsi_viewer.cli import main
from hsi_viewer.learning.classifiers.registry import BUILT_IN


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, Path | None]]:
    """What `open` asked the application to do."""
    calls: list[tuple[str | None, Path | None]] = []
    app = types.ModuleType("hsi_viewer.app")
    app.run = lambda source, screenshot: calls.append((source, screenshot)) or 0
    monkeypatch.setitem(sys.modules, "hsi_viewer.app", app)
    return calls


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (None, None)),
        (["open"], (None, None)),
        (["scene.hdr"], ("scene.hdr", None)),
        (["open", "scene.hdr"], ("scene.hdr", None)),
        (["--screenshot", "x.png"], (None, Path("x.png"))),
        (["scene.hdr", "--screenshot", "x.png"], ("scene.hdr", Path("x.png"))),
        (["open", "info"], ("info", None)),
        (["open", "scene.hdr", "--output", "x.png"], ("scene.hdr", Path("x.png"))),
        (["-o", "x.png", "scene.hdr"], ("scene.hdr", Path("x.png"))),
        (["sample:indian-pines"], ("sample:indian-pines", None)),
        (["folder/scene"], ("folder/scene", None)),
    ],
)
def test_open_is_the_default_command(opened, arguments, expected):
    assert main(arguments) == 0
    assert opened == [expected]


def test_without_a_display_open_says_what_to_do(opened, monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["open", "scene.hdr"]) == 1
    assert not opened
    assert "no display" in capsys.readouterr().err


def test_without_a_display_a_screenshot_is_drawn_off_screen(opened, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "")
    assert main(["scene.hdr", "--screenshot", "x.png"]) == 0
    import os

    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
    assert opened == [("scene.hdr", Path("x.png"))]


CLASSIFY = ["classify", "a.npy", "--labels", "b.npy", "--output", "out"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["classify"], "--labels"),
        (["clasify", "a.npy"], "Did you mean classify?"),
        (["Convert"], "Did you mean convert?"),
        (["frobnicate"], 'no command and no file "frobnicate". (commands: hsi-viewer --help)'),
        (["x" * 5000], "no command and no file"),
        (["classify", "a.npy", "--lables", "b.npy"], "Did you mean --labels?"),
        (["info", "a.npy", "--jsn=yes"], "Did you mean --json?"),
        (["demo", "--zzz"], 'demo has no option "--zzz".'),
        ([*CLASSIFY, "--format", "pgn"], "Did you mean png?"),
        ([*CLASSIFY, "--format", ""], "is empty"),
        ([*CLASSIFY, "--format", "png,"], "there is no format"),
        (["apply", "model", "a.npy", "--output", "out", "--device", "gpu"], "cuda"),
        (["convert", "a.npy"], "--output FILE"),
        (["convert", "a.npy", "b.npy", "c.npy"], "c.npy"),
        (["convert", "a.npy", "b.npy", "--output", "c.npy"], "b.npy"),
        (["convert", "a.npy", "-o", "b.npy", "--format", "geotiff"], "geotiff writes .tif"),
        (["convert", "a.npy", "-o", "b", "--format", "pcx"], "geotiff"),
        (["convert", "a.npy", "b.npy", "--bands", "1", "--wavelengths", "500"], "not allowed with"),
        ([*CLASSIFY, "--seed", "x"], "--seed"),
        ([*CLASSIFY, "--seed", "-1"], "--seed"),
        ([*CLASSIFY, "--preset", "slow"], "fast"),
        ([*CLASSIFY, "--device", "tpu"], "cuda"),
        ([*CLASSIFY, "--classifier", "smv"], "did you mean 'svm'?"),
        ([*CLASSIFY, "--classifier", "lda", "--voices", "pixels"], "--voices is not used by lda"),
        ([*CLASSIFY, "--classifier", "svm", "--preset", "best"], "--preset is not used by svm"),
        (["assess", *CLASSIFY[1:4], "--classifier", "svm", "--voices", "network"], "--voices is"),
        ([*CLASSIFY, "--refine", "full", "--no-refine"], "--no-refine contradicts"),
        (["convert", "a.npy", "b.tif", "--interleave", "bsq"], "--interleave is for ENVI"),
        (["sample", "a.tif", "b.csv", "--allocation", "equal", "--least", "3"], "--least is not"),
        (["sample", "a.tif", "b.csv", "--size", "9", "--expected", "4=.5"], "--expected is not"),
        (["clean", "a.tif", "b.tif", "--majority", "3", "--connectivity", "8"], "leave it out"),
        (["--versio"], "Did you mean --version?"),
        (["info"], "CUBE"),
        (["apply", "model"], "--output"),
        (["apply", "model", "a.npy", "-o", "b", "--placement", "resample"], "add --test FILE"),
        (["scene.hdr", "--unknown"], "--unknown"),
        (["scene.hdr", "another.hdr"], "another.hdr"),
        ([*CLASSIFY, "--placement", "anywhere"], "resample"),
        (["classify", "", "--labels", "b.npy", "--output", "out"], "is empty"),
        (["classify", "a.npy", "--labels", "b.npy", "--output", ""], "is empty"),
        (["open", ""], "is empty"),
        ([""], "is empty"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(capsys, arguments, named):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("hsi-viewer: ")
    assert err.count("\n") == 1
    assert named in err


@pytest.mark.parametrize("name", ["clasify", "info.hdr", "scene"])
def test_a_file_that_is_there_opens_by_any_name(opened, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"")
    assert main([name]) == 0
    assert opened == [(name, None)]


@pytest.mark.parametrize("options", [[], ["--overwrite"]])
def test_a_picture_replaces_another_only_if_told(opened, tmp_path, capsys, options):
    target = tmp_path / "x.png"
    target.write_bytes(b"")
    status = main(["scene.hdr", "--output", str(target), *options])
    error = capsys.readouterr().err
    assert (status, bool(opened)) == ((0, True) if options else (1, False))
    assert error == (
        "" if options
        else f"hsi-viewer: {target} exists; choose another name, or add --overwrite.\n"
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["classify", "--help"]])
def test_help_and_version_end_well(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    assert "hsi-viewer" in capsys.readouterr().out


def test_help_lists_the_classifiers(capsys):
    with pytest.raises(SystemExit):
        main(["classify", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for row in BUILT_IN:
        assert row.name in text
        assert row.title.lower() in text.lower()


def test_control_c_ends_with_one_line(monkeypatch, capsys):
    def interrupted(source, screenshot):
        raise KeyboardInterrupt

    app = types.ModuleType("hsi_viewer.app")
    app.run = interrupted
    monkeypatch.setitem(sys.modules, "hsi_viewer.app", app)
    assert main(["open"]) == 130
    assert capsys.readouterr().err == "hsi-viewer: interrupted\n"


def test_control_c_may_come_before_the_commands_are_loaded(monkeypatch, capsys):
    class Interrupted:
        def find_spec(self, name, *_):
            if name == "hsi_viewer.cli.program":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "hsi_viewer.cli.program")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert main(["open"]) == 130
    assert capsys.readouterr().err == "hsi-viewer: interrupted\n"

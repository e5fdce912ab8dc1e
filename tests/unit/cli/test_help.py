"""The help explains every argument and shows it at work."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hsi_viewer.cli import main
from hsi_viewer.cli.program import make_commands, parsed
from hsi_viewer.core.classifier import Classifier
from hsi_viewer.learning.classifiers import classifiers

PROJECT = Path(__file__).resolve().parents[3]
COMMANDS = make_commands()
AFTER_MAP = ("clean", "polygons", "areas", "sample")
WRITING = ("open", "classify", "train", "apply", "report", *AFTER_MAP, "convert", "demo")
GUIDING = ("suggest", "check-labels")
WORKING = (
    "classify",
    "train",
    "apply",
    "assess",
    "report",
    "verify",
    *GUIDING,
    *AFTER_MAP,
    "convert",
    "demo",
)


def arguments_of(name: str) -> list[argparse.Action]:
    return [a for a in COMMANDS[name]._actions if a.dest != "help"]


def used_by(example: str) -> set[str]:
    """Arguments that an example gives another value than their default."""
    program, name, *_ = words = shlex.split(example)
    assert program == "hsi-viewer"
    options = vars(parsed(words[1:]))
    return {a.dest for a in arguments_of(name) if options[a.dest] != a.default}


@pytest.mark.parametrize("name", COMMANDS.names)
def test_every_argument_is_explained_and_stands_in_an_example(name):
    assert all(a.help and a.help != argparse.SUPPRESS for a in arguments_of(name))
    examples = COMMANDS[name].examples
    assert {a.dest for a in arguments_of(name)} == set().union(*map(used_by, examples))


@pytest.mark.parametrize("name", COMMANDS.names)
def test_the_help_of_an_option_tells_its_default(name):
    steps = ("majority", "minimum", "smooth")  # of which none is done unasked
    usual = {
        a.dest: (str(a.default), a.help)
        for a in arguments_of(name)
        if a.dest not in steps and isinstance(a.default, str | int | float | Path)
        if a.default is not False and a.default != argparse.SUPPRESS
    }
    assert [d for d, (text, told) in usual.items() if text not in told] == []
    assert [d for d, (_, told) in usual.items() if not re.search("default|left out", told)] == []


@pytest.mark.parametrize("name", COMMANDS.names)
def test_the_help_of_a_command_shows_its_examples(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for example in COMMANDS[name].examples:
        assert f"\n  {example}\n" in text
    for argument in arguments_of(name):
        assert all(option in text for option in argument.option_strings)


def test_the_help_lists_every_classifier_and_those_of_plug_ins(capsys, monkeypatch):
    added = Classifier("nearest-mean", "Nearest mean, 100% simple", None, None)
    rows = (*classifiers(), added)
    monkeypatch.setattr("hsi_viewer.learning.classifiers.classifiers", lambda: rows)
    with pytest.raises(SystemExit):
        main(["classify", "--help"])
    text = "".join(capsys.readouterr().out.split())  # lines break at hyphens, too
    for row in rows:
        assert f"{row.name} ({row.title}".replace(" ", "") in text
    assert "sdhsi(SDHSI-Net,thedefault)" in text


def test_the_help_needs_no_torch():
    code = (
        "import sys; from hsi_viewer.cli import main\n"
        "try: main(['classify', '--help'])\n"
        "finally: sys.exit('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert "svm (" in run.stdout
    assert run.returncode == 0, run.stderr


def test_the_help_of_everything_lists_the_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(re.search(rf"^    {name}\s", text, re.MULTILINE) for name in COMMANDS.names)
    for example in COMMANDS.parser.examples[:2]:
        assert f"\n  {example}\n" in text
        assert parsed(shlex.split(example)[1:]).cube == "scene.hdr"


@pytest.mark.parametrize("name", WRITING)
def test_outputs_are_named_the_same_way_by_every_command(name):
    options = COMMANDS[name]._option_string_actions
    assert options["-o"] is options["--output"]
    assert "--overwrite" in options


@pytest.mark.parametrize("name", WORKING)
def test_what_takes_long_can_be_quiet(name):
    options = COMMANDS[name]._option_string_actions
    assert options["-q"] is options["--quiet"]
    assert "--json" in options


@pytest.mark.parametrize(
    "line",
    [
        ["convert", "a.hdr", "b.tif", "--rows", "0:2"],
        ["convert", "a.hdr", "--rows", "0:2", "b.tif"],
        ["convert", "--rows", "0:2", "a.hdr", "b.tif"],
        ["convert", "a.hdr", "-o", "b.tif", "--rows", "0:2"],
    ],
)
def test_the_older_way_to_name_the_output_of_convert_still_works(line):
    options = parsed(line)
    assert (options.cube, str(options.output), options.rows) == ("a.hdr", "b.tif", (0, 2))


@pytest.mark.parametrize("name", COMMANDS.names)
def test_the_readme_and_the_guide_name_every_option(name):
    readme = (PROJECT / "README.md").read_text("utf-8")
    guide = (PROJECT / "docs" / "guide" / "command-line.md").read_text("utf-8")
    line = re.search(rf"^hsi-viewer \[?{name}\b.*$", readme, re.MULTILINE)[0]
    named = {a.option_strings[-1] for a in arguments_of(name) if a.option_strings}
    named = {"--output" if option == "--screenshot" else option for option in named}
    assert set(re.findall(r"--[\w-]+", line)) == named
    assert named <= set(re.findall(r"--[\w-]+", guide))

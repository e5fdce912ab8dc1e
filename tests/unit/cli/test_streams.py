"""What is printed, and what happens where it cannot be."""

from __future__ import annotations

import io
import os
import signal
import sys

import pytest

from hsi_viewer.cli.program import main
from hsi_viewer.cli.streams import complain, hold_streams, print_text, terminable
from hsi_viewer.core.errors import ExportError


def test_control_characters_are_spelled_out_but_line_breaks(capsys):
    print_text("a\x1b[31m\tb\nc\r")
    out, err = capsys.readouterr()
    assert (out.count("\n"), out.splitlines()[1][:1], err) == (2, "c", "")
    assert not {"\x1b", "\r"} & set(out)


def test_a_complaint_is_one_line(capsys):
    complain("two\nlines  and\tmore")
    assert capsys.readouterr() == ("", "hsi-viewer: two lines and more\n")


def test_a_closed_stream_is_no_place_to_print(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    complain("nobody hears it")
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ExportError, match="Standard output is closed"):
        print_text("anything")
    assert capsys.readouterr() == ("", "")


class Refusing(io.TextIOWrapper):
    """A stream to a descriptor of its own, which can be written once it is full no more."""

    def __init__(self, error: OSError, file: str) -> None:
        super().__init__(open(file, "wb"))  # noqa: PTH123, SIM115
        self.error = error

    def flush(self) -> None:
        if self.error is not None and not self.closed:
            raise self.error


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        (OSError(28, "No space left on device"), ExportError, "written: No space left on device."),
        (BrokenPipeError(32, "Broken pipe"), SystemExit, "1"),
    ],
)
def test_output_that_cannot_be_written_is_an_error_or_the_end(
    tmp_path, monkeypatch, error, raised, said
):
    stream = Refusing(error, str(tmp_path / "out"))
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(raised) as found:
        print_text("anything")
    assert said in str(found.value)
    there = os.fstat(stream.fileno())
    assert (there.st_dev, there.st_ino) == (
        os.stat(os.devnull).st_dev,  # noqa: PTH116
        os.stat(os.devnull).st_ino,  # noqa: PTH116
    )
    stream.error = None
    stream.close()


def test_what_a_terminal_cannot_show_is_spelled_out(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    print_text("100 m\u00b2")
    stream.flush()
    assert stream.buffer.getvalue().split() == [b"100", rb"m\xb2"]


def test_streams_that_are_closed_are_held_by_nothing(monkeypatch):
    closed, opened = {0, 2}, []

    def fstat(number: int) -> None:
        if number in closed:
            raise OSError(9, "Bad file descriptor")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fstat)
        patch.setattr(os, "open", lambda *given: opened.append(given))
        hold_streams()
    assert opened == [(os.devnull, os.O_RDWR)] * 2


@pytest.mark.parametrize(
    ("raised", "status", "line"),
    [
        (OSError(36, "File name too long", "aaa"), 1, "aaa cannot be used: File name too long."),
        (OSError(5, None, "b"), 1, "b cannot be used: the system refuses it."),
    ],
)
def test_a_name_that_the_system_refuses_is_named(monkeypatch, capsys, raised, status, line):
    def fails(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("hsi_viewer.cli.commands.info.found_in_time", fails, raising=False)
    monkeypatch.setattr("hsi_viewer.io.info_in_time.found_in_time", fails)
    assert main(["info", "x.hdr"]) == status
    assert capsys.readouterr().err == f"hsi-viewer: {line}\n"


@pytest.mark.parametrize("error", [OSError(5, "no name"), RuntimeError("a fault")])
def test_a_fault_of_ours_is_not_hidden(monkeypatch, capsys, error):
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("hsi_viewer.io.info_in_time.found_in_time", fails)
    with pytest.raises(type(error)):
        main(["info", "x.hdr", "--json"])
    out = capsys.readouterr().out
    assert ('"internal"' in out) == isinstance(error, RuntimeError)


def test_signals_are_handled_as_before_after_a_block():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with terminable():
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_an_interrupt_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with terminable():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

"""What the program hsi-viewer does with its arguments."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress

from hsi_viewer import __version__
from hsi_viewer.cli import commands
from hsi_viewer.cli.output import SAMPLE, print_error
from hsi_viewer.cli.parser import Commands, Parser, UsageError, did_you_mean
from hsi_viewer.cli.streams import (
    FAILED,
    INTERRUPTED,
    TERMINATED,
    WRONG_USAGE,
    TerminatedError,
    complain,
    hold_streams,
)
from hsi_viewer.core.errors import HsiError

NO_COMMAND = ("-h", "--help", "--version")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status; `open` is assumed where no command is given."""
    # torch's threads spin while they wait; with anything else running on the machine (the window
    # itself) that makes training several times slower. Read once, when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    hold_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = parsed(given)
        status: int = options.run(options)
    except UsageError as error:
        return _ended(given, str(error), "usage", WRONG_USAGE)
    except HsiError as error:
        return _ended(given, str(error), _kind(error), FAILED)
    except TerminatedError:
        return _ended(given, "terminated", "terminated", TERMINATED)
    except KeyboardInterrupt:
        return _ended(given, "interrupted", "interrupted", INTERRUPTED)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        if error.filename is None:
            raise
        reason = error.strerror or "the system refuses it"
        return _ended(given, f"{error.filename} cannot be used: {reason}.", "file", FAILED)
    except Exception as error:  # a fault of ours: Python prints where
        _print_json_error(given, repr(error), "internal", FAILED)
        raise
    return status


def make_commands() -> Commands:
    """The parser of everything, with all commands."""
    parser = Parser(
        prog="hsi-viewer",
        description="Classify hyperspectral images from a few labelled pixels.\n\n"
        f"CUBE is a file, or {SAMPLE} for the sample scene; of a file that holds several\n"
        "arrays, FILE:NAME is one of them. Without a command, open is meant.",
        examples=(
            "hsi-viewer scene.hdr",
            "hsi-viewer classify scene.hdr --labels labels.tif --output result",
            "hsi-viewer classify --help",
        ),
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"hsi-viewer {__version__}",
        help="print the version and end (hsi-viewer --version)",
    )
    found = Commands(parser)
    for add in commands.COMMANDS:
        add(found)
    return found


def parsed(given: Sequence[str]) -> Namespace:
    """The options of a command line; `run` carries them out.

    Raises
    ------
    UsageError
        if it is wrong.
    """
    if "" in given:  # such as an unset variable gives; as a path it would be this folder
        raise UsageError("one of the arguments is empty; name a file or a folder.")
    found = make_commands()
    line = _with_command(given, found.names)
    if line[0] in NO_COMMAND:
        return found.parser.parse_args(line)
    own = found[line[0]]
    own.check_options(line[1:], () if line == given else NO_COMMAND)
    options, rest = found.parser.parse_known_args(line)
    if rest and "take" in options:  # a command that still takes an older way of writing it
        rest = options.take(options, rest)
    if rest:
        own.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _with_command(given: Sequence[str], names: Sequence[str]) -> list[str]:
    """The command line with its command; a lone word that is none and no file is refused."""
    if not given:
        return ["open"]
    first = given[0]
    if first in names or first in NO_COMMAND:
        return list(given)
    if re.fullmatch(r"\w[\w-]*", first) and not os.path.exists(first):  # noqa: PTH110 - of any text
        raise UsageError(
            f'there is no command and no file "{first}"{did_you_mean(first, names)} '
            "(commands: hsi-viewer --help)"
        )
    return ["open", *given]


def _ended(given: Sequence[str], message: str, kind: str, status: int) -> int:
    complain(message)
    _print_json_error(given, message, kind, status)
    return status


def _print_json_error(given: Sequence[str], message: str, kind: str, status: int) -> None:
    if "--json" in given:
        with suppress(HsiError):  # nobody can read it, and the error was reported
            print_error(message, kind, status)


def _kind(error: HsiError) -> str:
    """The name of the nearest error of the table that all layers share: file, label, model ..."""
    shared = next(c for c in type(error).__mro__ if c.__module__ == HsiError.__module__)
    return "other" if shared is HsiError else shared.__name__.removesuffix("Error").lower()

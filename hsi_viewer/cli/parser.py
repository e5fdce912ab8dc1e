"""The parser of one command: errors of one line, the nearest word, examples below the help."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from hsi_viewer.core.errors import HsiError

Run = Callable[[argparse.Namespace], int]


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps names such as "hybridsn-sd" in one line, so that they can be found and copied."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class UsageError(HsiError):
    """The command line itself is wrong."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions of one line, as all other errors are.

    Attributes
    ----------
    examples : command lines that are shown below the help; together they use every argument.
    """

    def __init__(self, *, examples: Sequence[str] = (), **options: Any) -> None:
        lines = "".join(f"\n  {line}" for line in examples)
        super().__init__(
            allow_abbrev=False,
            formatter_class=HelpFormatter,
            epilog=f"examples:{lines}" if examples else None,
            **options,
        )
        self.examples = tuple(examples)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(f"{message} (options: {self.prog} --help)")

    def check_options(self, arguments: Iterable[str], others: Iterable[str] = ()) -> None:
        """Name an option that does not exist, and the nearest that does.

        Parameters
        ----------
        others : options that may be meant, but not here.

        Raises
        ------
        UsageError
            for the first one.
        """
        known = self._option_string_actions
        near = (*known, *others)
        for argument in arguments:
            if argument == "--":
                return
            name = argument.partition("=")[0]
            if name.startswith("--") and name not in known:
                command = self.prog.split()[-1]
                raise UsageError(f'{command} has no option "{name}"{did_you_mean(name, near)}')


class Commands:
    """The commands of the program, by name; a command adds itself.

    Attributes
    ----------
    parser : of everything.
    """

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self._parsers = parser.add_subparsers(
            title="commands", metavar="COMMAND", required=True, parser_class=Parser
        )

    def add(self, name: str, run: Run, what: str, examples: Sequence[str]) -> Parser:
        """A parser for a command that a function runs, which returns the status."""
        description = f"{what[0].upper()}{what[1:]}."
        parser = self._parsers.add_parser(
            name, help=what, description=description, examples=examples
        )
        parser.set_defaults(run=run, command=name)
        return parser

    def __getitem__(self, name: str) -> Parser:
        parser: Parser = self._parsers.choices[name]
        return parser

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the commands, in the order of the help."""
        return tuple(self._parsers.choices)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: the word that was probably meant, if one is near."""
    near = get_close_matches(word.lower(), tuple(known), 1)
    return f". Did you mean {near[0]}?" if near else "."

"""Options that several commands share, and what they print at the end."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, get_args

from hsi_viewer.cli.streams import print_text
from hsi_viewer.core.training import Device

SAMPLE = "sample:indian-pines"
FROM_ZERO = "Rows and columns are counted from 0."  # in the window from 1


def add_cube(parser: ArgumentParser) -> None:
    """The cube that a command reads."""
    parser.add_argument(
        "cube",
        metavar="CUBE",
        help=f"file of the cube, FILE:NAME for one of several arrays, or {SAMPLE}",
    )


def add_folder(parser: ArgumentParser, **options: Any) -> None:
    """The folder that a job writes to, and whether it may replace existing files."""
    usual = f"; {options['default']} if left out" if "default" in options else ""
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        help=f"folder for the results; made if it is not there{usual} (--output result)",
        **options,
    )
    add_overwrite(parser, "results of an earlier run in the folder")


def add_overwrite(parser: ArgumentParser, what: str) -> None:
    """Whether existing files may be replaced."""
    parser.add_argument(
        "--overwrite", action="store_true", help=f"replace {what}; without it nothing is replaced"
    )


def take_target(options: Namespace, rest: list[str]) -> list[str]:
    """What is left of a command line once its file to write is taken: COMMAND SOURCE FILE."""
    if options.output is not None or rest[0].startswith("-"):
        return rest
    options.output = Path(rest[0])
    return rest[1:]


def add_device(parser: ArgumentParser) -> None:
    """The device of the network."""
    parser.add_argument(
        "--device",
        choices=get_args(Device),
        default="auto",
        help="where the network runs; auto, the default, takes cuda, mps or cpu (--device cpu)",
    )


def add_no_refine(parser: ArgumentParser) -> None:
    """Whether the map is refined."""
    parser.add_argument(
        "--no-refine",
        action="store_true",
        help="leave each pixel as the network sees it, without smoothing along the image",
    )


def add_reporting(parser: ArgumentParser) -> None:
    """What is printed."""
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="print warnings and errors only: no progress, no summary",
    )
    add_json(parser)


def add_json(parser: ArgumentParser) -> None:
    """Results for programs."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object, of errors too (see docs/schemas)",
    )


def print_json(record: dict[str, Any]) -> None:
    """Print one JSON object to standard output."""
    print_text(json.dumps(record, indent=2, allow_nan=False))


def print_error(message: str, kind: str, status: int) -> None:
    """Print an error as one JSON object to standard output."""
    print_json({"error": {"kind": kind, "message": message, "status": status}})

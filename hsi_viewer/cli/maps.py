"""What clean, polygons and areas share: the class map, the file to write, what is printed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hsi_viewer.cli.output import add_overwrite, print_json, take_target
from hsi_viewer.cli.parser import UsageError
from hsi_viewer.cli.streams import complain, print_text

if TYPE_CHECKING:
    from hsi_viewer.jobs.after_map import AfterMapResult


def add_map(parser: ArgumentParser) -> None:
    """The class map that a command reads."""
    parser.add_argument(
        "map",
        metavar="MAP",
        help="class map: GeoTIFF, ENVI classification, .npy, .mat or another image of class ids",
    )


def add_target(parser: ArgumentParser, kinds: str) -> None:
    """The file to write: --output FILE, or FILE after the map."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help=f"file to write: {kinds}",
    )
    add_overwrite(parser, "files of that name")
    parser.set_defaults(take=take_target)


def add_reference(parser: ArgumentParser) -> None:
    """Labelled reference points, and the map that they were drawn from."""
    parser.add_argument(
        "--reference",
        metavar="FILE",
        type=Path,
        help="labelled points that `sample` has drawn; areas and accuracy are estimated by them, "
        "with intervals (--reference points.gpkg)",
    )
    parser.add_argument(
        "--strata",
        metavar="MAP",
        help="the map that the points were drawn from, if it is another one "
        "(--strata class_map.tif)",
    )


def check_strata(options: Namespace) -> None:
    """Refuse a map of strata without points.

    Raises
    ------
    UsageError
        if there is one.
    """
    if options.strata is not None and options.reference is None:
        raise UsageError("--strata needs the points that were drawn; add --reference FILE.")


def target_of(options: Namespace) -> Path:
    """The file to write.

    Raises
    ------
    UsageError
        if none is given.
    """
    if options.output is None:
        raise UsageError(
            "the file to write is missing; add it after the map, or with --output FILE (options: "
            f"hsi-viewer {options.command} --help)"
        )
    target: Path = options.output
    return target


def print_made(options: Namespace, made: AfterMapResult, summary: str) -> None:
    """Print what was made as JSON, or a summary and the files; warnings in any case."""
    for warning in made.warnings:
        complain(f"warning: {warning}")
    names = [str(path.absolute()) for path in made.files]
    if options.json:
        print_json({**made.record, "files": names, "warnings": list(made.warnings)})
    elif not options.quiet:
        written = ["Written:", *(f"  {name}" for name in names)] if names else []
        print_text("\n".join([summary, *written]))

"""hsi-viewer apply: map a cube with a trained model."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hsi_viewer.cli.jobs import add_formats, add_placement, add_test, config_of, work
from hsi_viewer.cli.output import (
    add_cube,
    add_device,
    add_folder,
    add_no_refine,
    add_reporting,
)
from hsi_viewer.cli.parser import Commands

EXAMPLES = (
    "hsi-viewer apply result scene2.hdr --output result2",
    "hsi-viewer apply result scene2.hdr --test test.gpkg --output result2 --json",
    "hsi-viewer apply result scene2.hdr --test half.npy --placement resample --output result2",
    "hsi-viewer apply result scene2.hdr --output result2 --format envi,probabilities "
    "--device cpu --no-refine --overwrite --quiet",
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("apply", run, "map a cube with a trained model", EXAMPLES)
    parser.add_argument(
        "model", metavar="MODEL", type=Path, help="output folder of classify, or its model.json"
    )
    add_cube(parser)
    add_test(parser)
    add_placement(parser)
    add_folder(parser, required=True)
    add_formats(parser)
    add_device(parser)
    add_no_refine(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Map, write and print."""
    from hsi_viewer.jobs.classify import apply_model

    return work(
        options,
        lambda job: apply_model(options.model, options.cube, job),
        config=config_of(options),
        placement=options.placement,
        test=options.test,
        formats=options.format,
    )

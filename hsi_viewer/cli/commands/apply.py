"""hsi-viewer apply: map a cube with a trained model."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import get_args

from hsi_viewer.cli.jobs import add_formats, add_placement, add_refine, add_test, config_of, work
from hsi_viewer.cli.output import (
    add_cube,
    add_device,
    add_folder,
    add_no_refine,
    add_reporting,
)
from hsi_viewer.cli.parser import Commands
from hsi_viewer.core.training import Standardise

EXAMPLES = (
    "hsi-viewer apply result scene2.hdr --output result2",
    "hsi-viewer apply result scene2.hdr --test test.gpkg --output result2 --json",
    "hsi-viewer apply result scene2.hdr --test half.npy --placement resample --output result2",
    "hsi-viewer apply result scene2.hdr --output result2 --format envi,probabilities "
    "--device cpu --no-refine --overwrite --quiet",
    "hsi-viewer apply result scene2.hdr --output result2 --refine weak --standardise scene",
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
    add_refine(parser)
    add_no_refine(parser)
    parser.add_argument(
        "--standardise",
        choices=get_args(Standardise),
        default="training",
        help="whose means and spreads of the bands count: those of the training scene, or of "
        "this scene, where sensor or illumination differ (--standardise scene)",
    )
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
        refine=options.refine,
        standardise=options.standardise,
    )

"""hsi-viewer demo: the whole job on the sample scene."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hsi_viewer.cli.jobs import config_of, work
from hsi_viewer.cli.output import SAMPLE, add_device, add_folder, add_no_refine, add_reporting
from hsi_viewer.cli.parser import Commands

LABELS_PER_CLASS = 10
EXAMPLES = (
    "hsi-viewer demo",
    "hsi-viewer demo --output result --overwrite --json",
    "hsi-viewer demo --device cpu --no-refine --quiet",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "do the whole job on the sample scene, in the terminal"
    parser = commands.add("demo", run, what, EXAMPLES)
    add_folder(parser, default=Path("demo"))
    add_device(parser)
    add_no_refine(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Train, map, score, write and print."""
    from hsi_viewer.jobs.classify import demonstrate

    return work(
        options,
        lambda job: demonstrate(SAMPLE, f"{SAMPLE}/labels", LABELS_PER_CLASS, job),
        config=config_of(options),
    )

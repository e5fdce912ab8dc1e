"""hsi-viewer suggest: where a label helps the map most."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hsi_viewer.cli.commands.classify import add_labels
from hsi_viewer.cli.jobs import add_placement
from hsi_viewer.cli.output import FROM_ZERO, add_cube, add_reporting, print_json
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import print_text, terminable
from hsi_viewer.cli.values import count
from hsi_viewer.core.text import counted

EXAMPLES = (
    "hsi-viewer suggest result scene.hdr --labels labels.tif",
    "hsi-viewer suggest result scene.hdr --labels labels.gpkg --count 20 --json",
    "hsi-viewer suggest result scene.hdr --labels half.npy --placement resample --quiet",
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("suggest", run, "say where a label helps the map most", EXAMPLES)
    parser.add_argument(
        "model", metavar="MODEL", type=Path, help="output folder of classify, or its model.json"
    )
    add_cube(parser)
    add_labels(parser)
    parser.add_argument(
        "--count",
        metavar="N",
        type=count,
        default=8,
        help="places, the best first; 8 if left out (--count 20)",
    )
    add_placement(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Look for places and print them."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.guidance import GuidanceJob, suggest_places

    with terminable(), progress_on_stderr(options.quiet) as port:
        job = GuidanceJob(options.cube, options.labels, options.placement, port=port)
        record = suggest_places(job, options.model, options.count)
    if options.json:
        print_json(record)
    elif not options.quiet:
        lines = [
            f"Row {place['row']}, column {place['column']}: "
            f"{place['classes'][0]['name']} or {place['classes'][1]['name']} "
            f"({counted(len(place['segment']), 'similar pixel')})"
            for place in record["suggestions"]
        ]
        lines = [FROM_ZERO, *lines] if lines else ["Every place with data is labelled already."]
        print_text("\n".join(lines))
    return 0

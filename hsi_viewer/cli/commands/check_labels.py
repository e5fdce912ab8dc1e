"""hsi-viewer check-labels: labels that may be wrong."""

from __future__ import annotations

from argparse import Namespace

from hsi_viewer.cli.commands.classify import add_labels
from hsi_viewer.cli.jobs import add_placement
from hsi_viewer.cli.output import FROM_ZERO, SAMPLE, add_cube, add_reporting, print_json
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import print_text, terminable

EXAMPLES = (
    "hsi-viewer check-labels scene.hdr --labels labels.tif",
    "hsi-viewer check-labels scene.hdr --labels half.npy --placement resample --json",
    f"hsi-viewer check-labels {SAMPLE} --labels {SAMPLE}/labels --quiet",
)

NOT_JUDGED = (
    "No label could be judged: label a second place of each class, so that models can be "
    "fitted without one of them."
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("check-labels", run, "list labels that may be wrong", EXAMPLES)
    add_cube(parser)
    add_labels(parser)
    add_placement(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Check and print."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.guidance import GuidanceJob, contradicted_labels

    with terminable(), progress_on_stderr(options.quiet) as port:
        job = GuidanceJob(options.cube, options.labels, options.placement, port=port)
        record = contradicted_labels(job)
    if options.json:
        print_json(record)
    elif not options.quiet:
        found = record["contradicted"]
        head = f"{len(found)} of {record['judged']} labels look like another class. {FROM_ZERO}"
        if not record["judged"]:
            head = NOT_JUDGED
        elif not found:
            head = f"All {record['judged']} labels that could be judged agree."
        lines = [head]
        lines += [
            f"Row {one['row']}, column {one['column']}: labelled {one['label']['name']}, "
            f"looks like {one['looks_like']['name']} (margin {one['margin']:.2f})"
            for one in found
        ]
        print_text("\n".join(lines))
    return 0

"""hsi-viewer report: all that is known about a class map, as pages, tables and JSON."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hsi_viewer.cli.maps import add_reference, check_strata
from hsi_viewer.cli.output import SAMPLE, add_device, add_overwrite, add_reporting, print_json
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import print_text, terminable

EXAMPLES = (
    "hsi-viewer report result --output result-report",
    "hsi-viewer report result --map clean.tif --output clean-report",
    "hsi-viewer report result --cube moved/scene.hdr --labels moved/labels.tif --test test.tif",
    "hsi-viewer report result --reference points.gpkg --strata class_map.tif",
    f"hsi-viewer report result --cube {SAMPLE} --device cpu --overwrite --json --quiet",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "report on a run: HTML, PDF, JSON and CSV"
    parser = commands.add("report", run, what, EXAMPLES)
    parser.add_argument(
        "run_folder", metavar="RUN", type=Path, help="output folder of classify, apply or train"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        help="folder for the report; RUN/report if left out (--output result-report)",
    )
    add_overwrite(parser, "an earlier report in the folder")
    for name, what in (
        ("cube", "the scene"),
        ("labels", "the file of training labels"),
        ("test", "the file of test labels"),
    ):
        parser.add_argument(
            f"--{name}",
            metavar="FILE",
            help=f"where {what} of the run can be found now, unless it is where it was "
            f"(--{name} moved/{name}.tif)",
        )
    parser.add_argument(
        "--map",
        metavar="FILE",
        help="a map that clean has made of the map of the run, to report on with its steps "
        "(--map clean.tif)",
    )
    add_reference(parser)
    add_device(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Write the report and print what it says first."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.make_report import FOLDER, report_on
    from hsi_viewer.jobs.run_folder import RunFolder

    check_strata(options)
    target = options.output or options.run_folder / FOLDER
    with terminable(), progress_on_stderr(options.quiet) as port:
        folder = RunFolder(
            options.run_folder,
            options.cube,
            options.labels,
            options.test,
            options.device,
            options.map,
            options.reference,
            options.strata,
            port=port,
        )
        record = report_on(folder, target, overwrite=options.overwrite)
    if options.json:
        print_json(record)
    elif not options.quiet:
        print_text("\n".join([record["quote"], "Written:", *(f"  {f}" for f in record["files"])]))
    return 0

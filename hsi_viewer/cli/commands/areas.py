"""hsi-viewer areas: how much of a class map each class covers."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from hsi_viewer.cli.maps import add_map, add_target, print_made
from hsi_viewer.cli.output import add_reporting
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import terminable

EXAMPLES = (
    "hsi-viewer areas class_map.tif",
    "hsi-viewer areas class_map.hdr --json",
    "hsi-viewer areas class_map.tif --output areas.csv --overwrite --quiet",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "list the area of each class of a class map"
    parser = commands.add("areas", run, what, EXAMPLES)
    add_map(parser)
    add_target(parser, "a table, .csv; without it nothing is written (--output areas.csv)")
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Print the areas, and write them if a file is given."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.after_map import areas_of_file

    with terminable(), progress_on_stderr(options.quiet) as port:
        made = areas_of_file(options.map, options.output, overwrite=options.overwrite, port=port)
    print_made(options, made, "\n".join(lines_of(made.record)))
    return 0


def lines_of(record: dict[str, Any]) -> list[str]:
    """A line for each class, and one for all of them."""
    from hsi_viewer.core.assessment.areas import UNITS, suited_unit

    whole = {"name": "All classes", "share": 1.0 if record["pixels"] else 0.0, **record}
    rows = [*record["classes"], whole]
    wide = max(len(row["name"]) for row in rows)
    unit = None if record["area_m2"] is None else suited_unit(record["area_m2"])
    lines = []
    for row in rows:
        line = f"{row['name']:{wide}}  {row['pixels']:>12} pixels  {row['share']:>7.2%}"
        lines.append(
            line if unit is None else f"{line}  {row['area_m2'] / UNITS[unit]:>14.4f} {unit}"
        )
    return lines

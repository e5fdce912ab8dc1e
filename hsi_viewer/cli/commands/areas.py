"""hsi-viewer areas: how much of a class map each class covers, as counted and as estimated."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from hsi_viewer.cli.maps import add_map, add_reference, add_target, check_strata, print_made
from hsi_viewer.cli.output import add_reporting
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import terminable
from hsi_viewer.core.text import percent

UNITS = {"m2": "m²", "ha": "ha", "km2": "km²", "acres": "acres"}  # as typed, and as printed
EXAMPLES = (
    "hsi-viewer areas class_map.tif",
    "hsi-viewer areas class_map.tif --unit acres",
    "hsi-viewer areas class_map.hdr --json",
    "hsi-viewer areas class_map.tif --output areas.csv --overwrite --quiet",
    "hsi-viewer areas class_map.tif --reference points.gpkg",
    "hsi-viewer areas newer_map.tif --reference points.gpkg --strata class_map.tif --json",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "list the area of each class of a class map"
    parser = commands.add("areas", run, what, EXAMPLES)
    add_map(parser)
    add_target(parser, "a table, .csv; without it nothing is written (--output areas.csv)")
    add_reference(parser)
    parser.add_argument(
        "--unit",
        choices=tuple(UNITS),
        help="of the areas that are printed (default: the one that suits the largest)",
    )
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Print the areas, and write them if a file is given."""
    check_strata(options)
    from hsi_viewer.cli.progress import progress_on_stderr

    with terminable(), progress_on_stderr(options.quiet) as port:
        if options.reference is None:
            from hsi_viewer.jobs.after_map import areas_of_file

            made = areas_of_file(
                options.map, options.output, overwrite=options.overwrite, port=port
            )
        else:
            from hsi_viewer.jobs.sampling import estimated_areas_of_file

            made = estimated_areas_of_file(
                options.map,
                options.reference,
                options.strata,
                options.output,
                overwrite=options.overwrite,
                port=port,
            )
    unit = UNITS.get(options.unit)
    lines = lines_of(made.record, unit)
    if options.reference is not None:
        lines += ["", *estimate_lines(made.record["estimates"], unit)]
    print_made(options, made, "\n".join(lines))
    return 0


def estimate_lines(record: dict[str, Any], wanted: str | None = None) -> list[str]:
    """The estimates in words: overall accuracy, then a line for each class."""
    from hsi_viewer.core.assessment.areas import UNITS, suited_unit

    classes = record["classes"]
    wide = max(len(row["name"]) for row in classes)
    unit, factor = "pixels", 1.0
    if record["area_unit"] == "m2":
        unit = wanted or suited_unit(max(row["area"]["value"] for row in classes))
        factor = 1 / UNITS[unit]
    return [
        f"Estimated from {record['points']} reference points, with 95 % intervals. "
        f"{record['method']}",
        f"Overall accuracy {_ranged(record['overall'], 100)} %",
        *(
            f"{row['name']:{wide}}  {_ranged(row['area'], factor, 4)} {unit}  user's "
            f"{_ranged(row['users'], 100)} %  producer's {_ranged(row['producers'], 100)} %"
            for row in classes
        ),
    ]


def _ranged(estimate: dict[str, Any], factor: float, digits: int = 1) -> str:
    if estimate["value"] is None:
        return "undefined"
    low, high = estimate["interval"]
    value, low, high = (f"{factor * x:.{digits}f}" for x in (estimate["value"], low, high))
    return f"{value} ({low} to {high})"


def lines_of(record: dict[str, Any], wanted: str | None = None) -> list[str]:
    """A line for each class, and one for all of them; areas in a wanted unit, as printed."""
    from hsi_viewer.core.assessment.areas import UNITS, suited_unit

    whole = {"name": "All classes", "share": 1.0 if record["pixels"] else 0.0, **record}
    rows = [*record["classes"], whole]
    wide = max(len(row["name"]) for row in rows)
    known = record["area_m2"] is not None
    unit = wanted or suited_unit(record["area_m2"]) if known else None
    lines = []
    for row in rows:
        pixels = f"{row['pixels']:>12} {'pixel ' if row['pixels'] == 1 else 'pixels'}"
        line = f"{row['name']:{wide}}  {pixels}  {percent(row['share'], 2):>8}"
        lines.append(
            line if unit is None else f"{line}  {row['area_m2'] / UNITS[unit]:>14.4f} {unit}"
        )
    return lines

"""hsi-viewer sample: draw reference points from a class map, for its areas and accuracy."""

from __future__ import annotations

from argparse import Namespace

from hsi_viewer.cli.map_values import expected, point_count, share
from hsi_viewer.cli.maps import add_map, add_target, print_made, target_of
from hsi_viewer.cli.output import add_reporting
from hsi_viewer.cli.parser import Commands, UsageError
from hsi_viewer.cli.streams import terminable
from hsi_viewer.cli.values import seed
from hsi_viewer.core.text import counted

EXAMPLES = (
    "hsi-viewer sample class_map.tif points.gpkg",
    "hsi-viewer sample class_map.tif points.csv --interval 0.03 --expected 0.9 --expected 4=0.7",
    "hsi-viewer sample class_map.hdr -o points.geojson --size 300 --allocation equal --blind "
    "--seed 7 --overwrite --quiet --json",
    "hsi-viewer sample class_map.tif points.gpkg --least 20",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "draw reference points at random from a class map"
    parser = commands.add("sample", run, what, EXAMPLES)
    add_map(parser)
    add_target(parser, "points, .gpkg, .geojson or .csv (--output points.gpkg)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--interval",
        metavar="HALF",
        type=share,
        default=0.05,
        help="half-width of the wanted 95 %% interval of the overall accuracy, 0.05 if left out; "
        "the number of points follows from it (--interval 0.03)",
    )
    size.add_argument(
        "--size", metavar="N", type=point_count, help="number of points, instead (--size 300)"
    )
    parser.add_argument(
        "--expected",
        metavar="SHARE",
        type=expected,
        action="append",
        default=[],
        help="user's accuracy that is expected, 0.8 if left out, or ID=SHARE for one class "
        "(--expected 0.9 --expected 4=0.7)",
    )
    parser.add_argument(
        "--allocation",
        choices=("recommended", "proportional", "equal"),
        default="recommended",
        help="how the points are shared: by area with a least number for rare classes "
        "(recommended, the default), by area alone, or equally (--allocation equal)",
    )
    parser.add_argument(
        "--least",
        metavar="N",
        type=point_count,
        help="at least so many points of each class, if recommended; 50 if left out (--least 20)",
    )
    parser.add_argument(
        "--blind",
        action="store_true",
        help="leave out of the file what tells the class of the map; `areas` then needs the map "
        "(--blind)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=seed, default=0, help="of the draw, 0 if left out (--seed 7)"
    )
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Draw the points, write them, and say how many each class has."""
    from hsi_viewer.jobs.sampling import SamplePlan, sample_file

    target = target_of(options)
    if options.least is not None and options.allocation != "recommended":
        raise UsageError(
            f"--least is not used by --allocation {options.allocation}; leave out one of them."
        )
    if options.size is not None and options.expected:
        raise UsageError("--expected is not used by --size; leave out one of them.")
    overall = [value for class_id, value in options.expected if class_id is None]
    by_class = {class_id: value for class_id, value in options.expected if class_id is not None}
    plan = SamplePlan(
        options.interval,
        options.size,
        options.allocation,
        by_class=by_class,
        seed=options.seed,
        **({"expected": overall[-1]} if overall else {}),
        **({} if options.least is None else {"least": options.least}),
    )
    with terminable():
        made = sample_file(
            options.map, target, plan, blind=options.blind, overwrite=options.overwrite
        )
    rows = made.record["classes"]
    wide = max(len(row["name"]) for row in rows)
    lines = [
        f"{row['name']:{wide}}  {row['points']:>6} of {row['pixels']:>12} pixels" for row in rows
    ]
    total = f"{counted(made.record['points'], 'point')}."
    if made.record["points"] > made.record["needed"]:
        needed = counted(made.record["needed"], "point")
        wanted = "Needed for all classes together" if options.size is None else "Asked for"
        total += f" {wanted}: {needed}; rare classes have more (--least)."
    print_made(options, made, "\n".join([*lines, total]))
    return 0

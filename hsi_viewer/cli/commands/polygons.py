"""hsi-viewer polygons: the regions of a class map as polygons, and as a table."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hsi_viewer.cli.map_values import corner
from hsi_viewer.cli.maps import add_map, add_target, print_made, target_of
from hsi_viewer.cli.output import add_reporting
from hsi_viewer.cli.parser import Commands, UsageError
from hsi_viewer.cli.streams import terminable
from hsi_viewer.core.text import counted

EXAMPLES = (
    "hsi-viewer polygons class_map.tif fields.gpkg",
    "hsi-viewer polygons class_map.tif fields.gpkg --smooth 2",
    "hsi-viewer polygons class_map.hdr -o fields.shp --confidence confidence.hdr --overwrite",
    "hsi-viewer polygons seeds.tif -o seeds.geojson --objects seeds.csv --spectra scene.hdr "
    "--quiet --json",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "write the regions of a class map as polygons"
    parser = commands.add("polygons", run, what, EXAMPLES)
    add_map(parser)
    add_target(parser, ".gpkg, .geojson or .shp (--output fields.gpkg)")
    parser.add_argument(
        "--smooth",
        metavar="PIXELS",
        type=corner,
        default=0.0,
        help="size of the corners that borders lose; neighbours stay without gaps, and the outline "
        "of the data stays (--smooth 2)",
    )
    parser.add_argument(
        "--confidence",
        metavar="FILE",
        help="confidence of the map, whose mean each polygon gets (--confidence confidence.hdr)",
    )
    parser.add_argument(
        "--objects",
        metavar="FILE",
        type=Path,
        help="table to write, a line for each region: class, area, centroid (--objects seeds.csv)",
    )
    parser.add_argument(
        "--spectra",
        metavar="CUBE",
        help="the scene, whose mean spectrum in each region goes into the table of --objects "
        "(--spectra scene.hdr)",
    )
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Write the polygons and say where."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.polygons import PolygonOptions, polygons_file

    target = target_of(options)
    if options.spectra is not None and options.objects is None:
        raise UsageError("--spectra needs a table to write the spectra to; add --objects FILE.")
    with terminable(), progress_on_stderr(options.quiet) as port:
        made = polygons_file(
            options.map,
            target,
            PolygonOptions(options.smooth, options.objects, port=port),
            confidence=options.confidence,
            spectra=options.spectra,
            overwrite=options.overwrite,
        )
    print_made(options, made, f"{counted(made.record['polygons'], 'polygon')}.")
    return 0

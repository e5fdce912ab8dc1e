"""hsi-viewer clean: a class map without stray pixels, small regions, or classes to merge."""

from __future__ import annotations

from argparse import Namespace

from hsi_viewer.cli.map_values import class_ids, merge, minimum, window
from hsi_viewer.cli.maps import add_map, add_target, print_made, target_of
from hsi_viewer.cli.output import add_reporting
from hsi_viewer.cli.parser import Commands, UsageError
from hsi_viewer.cli.streams import terminable
from hsi_viewer.core.text import counted

EXAMPLES = (
    "hsi-viewer clean class_map.tif clean.tif --majority 3 --minimum 8",
    "hsi-viewer clean class_map.hdr -o clean.tif --minimum 0.5ha --connectivity 8 --overwrite",
    "hsi-viewer clean class_map.tif -o clean.tif --open 2 --close 3,5 --quiet",
    "hsi-viewer clean class_map.tif -o clean.tif --merge 3,4=3 --merge 7=6 --json",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "remove stray pixels and small regions from a class map"
    parser = commands.add("clean", run, what, EXAMPLES)
    add_map(parser)
    add_target(parser, ".tif, .hdr (ENVI), .npy or .mat (--output clean.tif)")
    parser.add_argument(
        "--merge",
        metavar="ID,ID=ID",
        type=merge,
        action="append",
        help="classes that become one, first of all; may be repeated (--merge 3,4=3)",
    )
    for name, what in (
        ("open", "lose what is thinner than 3 pixels to the nearest class"),
        ("close", "fill their gaps of less than 3 pixels"),
    ):
        parser.add_argument(
            f"--{name}",
            metavar="ID,ID",
            type=class_ids,
            default=(),
            help=f"classes that {what} (--{name} 2)",
        )
    parser.add_argument(
        "--majority",
        metavar="PIXELS",
        type=window,
        default=1,
        help="side of a window whose most frequent class each pixel gets (--majority 3)",
    )
    parser.add_argument(
        "--minimum",
        metavar="SIZE",
        type=minimum,
        default=(0.0, None),
        help="smallest region that stays, in pixels or as an area; others go to the class that "
        "they border on most (--minimum 8, --minimum 0.5ha)",
    )
    parser.add_argument(
        "--connectivity",
        type=int,
        choices=(4, 8),
        default=4,
        help="neighbours of a pixel: 4, the default, or 8 with those at its corners "
        "(--connectivity 8)",
    )
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Clean, write and say what changed."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.core.postprocess.clean import Cleaning
    from hsi_viewer.jobs.after_map import clean_file

    target = target_of(options)
    pixels, metres = options.minimum
    cleaning = Cleaning(
        _merged(options.merge or ()),
        options.open,
        options.close,
        options.majority,
        pixels,
        metres,
        corners=options.connectivity == 8,
    )
    if cleaning == Cleaning(corners=cleaning.corners):
        raise UsageError(
            "there is nothing to do: add --majority, --minimum, --open, --close or --merge "
            "(options: hsi-viewer clean --help)"
        )
    if cleaning.corners and not (options.open or options.close or options.minimum[0] or metres):
        raise UsageError(
            "--connectivity is used by --minimum, --open and --close alone; leave it out."
        )
    with terminable(), progress_on_stderr(options.quiet) as port:
        made = clean_file(options.map, target, cleaning, overwrite=options.overwrite, port=port)
    print_made(options, made, f"{counted(made.record['changed_pixels'], 'pixel')} changed.")
    return 0


def _merged(groups: tuple[dict[int, int], ...]) -> dict[int, int]:
    merged: dict[int, int] = {}
    for group in groups:
        for old, new in group.items():
            if merged.setdefault(old, new) != new:
                raise UsageError(f"class {old} is merged twice; name it in one --merge only.")
    return {old: new for old, new in merged.items() if old != new}  # 3,4=3 changes 4

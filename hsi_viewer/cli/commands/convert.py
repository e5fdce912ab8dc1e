"""hsi-viewer convert: a cube, or a part of it, as another format."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from hsi_viewer.cli.output import (
    SAMPLE,
    add_cube,
    add_overwrite,
    add_reporting,
    print_json,
    take_target,
)
from hsi_viewer.cli.parser import Commands, UsageError
from hsi_viewer.cli.streams import print_text, terminable
from hsi_viewer.cli.values import bands, row_range, wavelengths

# By name: the suffix that is written, and others that mean the same.
SUFFIXES = {
    "envi": (".hdr", ".img"),
    "geotiff": (".tif", ".tiff"),
    "mat": (".mat",),
    "npy": (".npy",),
    "zarr": (".zarr",),
}
EXAMPLES = (
    "hsi-viewer convert scene.hdr --output scene.tif",
    "hsi-viewer convert scene.tif --output part.hdr --rows 0:100 --columns 50:150 --bands 3,10:40",
    f"hsi-viewer convert {SAMPLE} --output sentinel --wavelengths 490,560,665,842 --format geotiff",
    "hsi-viewer convert scene.tif --output scene.hdr --interleave bsq --overwrite --quiet",
    f"hsi-viewer convert {SAMPLE} --output scene.npy --json",
    "hsi-viewer convert plant.hdr --reflectance --output reflectance.hdr",
    "hsi-viewer convert plant.hdr --reflectance --white white.hdr --dark dark.hdr -o plant.tif",
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("convert", run, "write a cube, or a part, as another format", EXAMPLES)
    add_cube(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="file to write: .hdr (ENVI), .tif, .mat, .npy or .zarr (--output scene.tif)",
    )
    parser.add_argument(
        "--format",
        choices=tuple(SUFFIXES),
        help="format of the file, whose suffix can then be left out (--format geotiff)",
    )
    add_overwrite(parser, "a file of that name")
    for name in ("rows", "columns"):
        parser.add_argument(
            f"--{name}",
            metavar="A:B",
            type=row_range,
            help=f"{name} to keep, from A up to B, counted from 0 (--{name} 0:100)",
        )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--bands",
        metavar="A:B,C",
        type=bands,
        help="bands to keep: numbers from 0, and ranges (--bands 3,10:40)",
    )
    which.add_argument(
        "--wavelengths",
        metavar="NM,NM",
        type=wavelengths,
        help="wavelengths (nm) to resample to, linearly (--wavelengths 490,560,665)",
    )
    parser.add_argument(
        "--interleave",
        choices=("bsq", "bil", "bip"),
        help="order of the values in an ENVI file; bil if left out (--interleave bsq)",
    )
    parser.add_argument(
        "--reflectance",
        action="store_true",
        help="turn the counts of a raw scan into reflectance, by the white and dark references "
        "beside it",
    )
    for name in ("white", "dark"):
        parser.add_argument(
            f"--{name}",
            metavar="FILE",
            type=Path,
            help=f"{name} reference, with --reflectance; found by its name if left out "
            f"(--{name} {name}.hdr)",
        )
    add_reporting(parser)
    parser.set_defaults(take=take_target)  # convert CUBE FILE is an older way


def run(options: Namespace) -> int:
    """Write the file and say where."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.core.progress import CallbackPort, Note
    from hsi_viewer.io.convert import References, convert
    from hsi_viewer.io.writers.subset import Subset

    target = _target(options.output, options.format)
    subset = Subset(options.rows, options.columns, options.bands, options.wavelengths)
    if (options.white or options.dark) and not options.reflectance:
        raise UsageError("--white and --dark need --reflectance; add it.")
    if options.interleave and target.suffix.lower() not in SUFFIXES["envi"]:
        raise UsageError(f"--interleave is for ENVI files (.hdr); leave it out for {target.name}.")
    references = References(options.white, options.dark) if options.reflectance else None
    warnings: list[str] = []
    with terminable(), progress_on_stderr(options.quiet) as port:

        def report(item: object) -> None:
            warnings.extend([item.text] if isinstance(item, Note) else ())
            port.report(item)

        files = convert(
            options.cube,
            target,
            subset,
            options.interleave or "bil",
            CallbackPort(report),
            overwrite=options.overwrite,
            references=references,
        )
    names = [str(path.absolute()) for path in files]
    if options.json:
        print_json({"files": names, "warnings": warnings})
    elif not options.quiet:
        print_text("\n  ".join(["Written:", *names]))
    return 0


def _target(output: Path | None, name: str | None) -> Path:
    """The file to write, with the suffix of its format."""
    if output is None:
        raise UsageError(
            "the file to write is missing; add --output FILE (options: hsi-viewer convert --help)"
        )
    suffix = output.suffix.lower()
    if name is None or suffix in SUFFIXES[name]:
        return output
    if any(suffix in known for known in SUFFIXES.values()):
        raise UsageError(
            f"--format {name} writes {SUFFIXES[name][0]}, but the file to write is {output.name}; "
            "leave out one of them."
        )
    return output.with_name(output.name + SUFFIXES[name][0])

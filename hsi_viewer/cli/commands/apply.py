"""hsi-viewer apply: map a scene, or many, with a trained model."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from hsi_viewer.cli.jobs import (
    add_formats,
    add_placement,
    add_refine,
    add_region,
    add_test,
    config_of,
    work,
)
from hsi_viewer.cli.output import (
    SAMPLE,
    add_device,
    add_folder,
    add_no_refine,
    add_reporting,
    print_json,
)
from hsi_viewer.cli.parser import Commands, Parser, UsageError
from hsi_viewer.cli.streams import FAILED, complain, print_text, terminable
from hsi_viewer.cli.values import count, is_number
from hsi_viewer.core.training import Standardise

if TYPE_CHECKING:
    from hsi_viewer.jobs.batch.worker_processes import WorkerProcesses

EXAMPLES = (
    "hsi-viewer apply result scene2.hdr --output result2",
    "hsi-viewer apply result scene2.hdr --test test.gpkg --output result2 --json",
    "hsi-viewer apply result scene2.hdr --test half.npy --placement resample --output result2",
    "hsi-viewer apply result scene2.hdr --output result2 --format envi,probabilities "
    "--device cpu --no-refine --overwrite --quiet",
    "hsi-viewer apply result scene2.hdr --output result2 --refine weak --standardise scene",
    "hsi-viewer apply result scene2.hdr --region field.geojson --mask clouds.tif -o result2",
    "hsi-viewer apply result flight --output maps --workers 4 --continue",
    "hsi-viewer apply result --table scenes.csv --output maps --scheduler tcp://node1:8786",
    "hsi-viewer apply result --table scenes.csv --output maps --part 3/40 --tile 256",
    "hsi-viewer apply result --table scenes.csv --output maps --assemble",
)
SMALLEST_TILE, LARGEST_TILE = 32, 1024


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("apply", run, "map a scene, or many, with a trained model", EXAMPLES)
    parser.add_argument(
        "model", metavar="MODEL", type=Path, help="output folder of classify, or its model.json"
    )
    parser.add_argument(
        "cubes",
        metavar="CUBE",
        nargs="*",
        help=f"file of a cube, FILE:NAME for one of several arrays, {SAMPLE}, or a folder, of "
        "which all scenes are mapped; of several cubes, each has a folder of its own in DIR",
    )
    add_test(parser)
    add_placement(parser)
    add_region(parser, bands=False)
    add_folder(parser, required=True)
    add_formats(parser)
    add_device(parser)
    add_refine(parser)
    add_no_refine(parser)
    parser.add_argument(
        "--standardise",
        choices=get_args(Standardise),
        default="training",
        help="whose means and spreads of the bands count: those of the training scene, the "
        "default, or of this scene, where sensor or illumination differ (--standardise scene)",
    )
    _add_batch(parser)
    add_reporting(parser)


def _add_batch(parser: Parser) -> None:
    """How many scenes and large scenes are mapped."""
    parser.add_argument(
        "--table",
        metavar="FILE",
        type=Path,
        help="CSV table of scenes with the columns path, region (rows A:B, columns C:D) and name, "
        "of which only path is needed (--table scenes.csv)",
    )
    parser.add_argument(
        "--continue",
        dest="resume",
        action="store_true",
        help="go on where an earlier call was stopped: finished scenes and tiles are kept",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        metavar="N",
        type=count,
        default=1,
        help="processes of this machine that work at a time, each in up to 2 GiB of memory; 1 if "
        "left out (--workers 4)",
    )
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a running Dask scheduler, whose workers see the same files "
        "(--scheduler tcp://node1:8786)",
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--part",
        metavar="K/N",
        type=part,
        help="compute the K-th of N parts of all tiles; the call that finds all done puts the "
        "maps together (--part 3/40)",
    )
    whose.add_argument(
        "--assemble",
        action="store_true",
        help="compute nothing, only put together what the parts have computed",
    )
    parser.add_argument(
        "--tile",
        metavar="PIXELS",
        type=tile,
        default=512,
        help="side of the tiles in which a scene is mapped that has more pixels than two of them; "
        "512 if left out (--tile 256)",
    )


def part(text: str) -> tuple[int, int]:
    """The number of a part, from 1, and how many there are."""
    number, slash, total = text.partition("/")
    valid = slash and is_number(number) and is_number(total)
    if not valid or not 1 <= int(number) <= int(total):
        raise ArgumentTypeError(f"a part is written K/N with K from 1 to N, not {text[:40]}")
    return int(number), int(total)


def tile(text: str) -> int:
    """The side of a tile in pixels."""
    if not is_number(text) or not SMALLEST_TILE <= int(text) <= LARGEST_TILE:
        raise ArgumentTypeError(
            f"a tile has {SMALLEST_TILE} to {LARGEST_TILE} pixels a side, not {text[:40]}"
        )
    return int(text)


def run(options: Namespace) -> int:
    """Map, write and print."""
    if not options.cubes and options.table is None:
        raise UsageError(
            "apply needs a cube after the model, or a table of scenes: add --table FILE (options: "
            "hsi-viewer apply --help)"
        )
    if options.placement is not None and options.test is None:
        raise UsageError(
            "--placement says how test pixels lie on the scene: add --test FILE, or leave it out."
        )
    from hsi_viewer.learning.model_description import check_model

    check_model(options.model)  # before the engine is loaded, which takes seconds
    cubes, notes = _expanded(options.cubes)
    alone = cubes == options.cubes and len(cubes) == 1 and options.table is None
    one = alone and not (options.part or options.assemble or options.scheduler)
    if options.test is not None and not one:
        raise UsageError(
            "--test scores the map of one scene; leave it out, or name one scene only."
        )
    from hsi_viewer.jobs.batch.worker_processes import worker_processes

    with worker_processes(options.workers) as workers:  # they load the engine, as we do now
        return _run_one(options, workers) if one else _run_many(options, cubes, notes, workers)


def _expanded(cubes: list[str]) -> tuple[list[str], list[str]]:
    """Cubes with the scenes of folders, and what to note of them."""
    from hsi_viewer.jobs.batch.scene_folder import scenes_of

    found = [scenes_of(cube) for cube in cubes]
    return [s for scenes, _ in found for s in scenes], [n for _, notes in found for n in notes]


def _run_one(options: Namespace, workers: int | WorkerProcesses) -> int:
    from hsi_viewer.jobs.apply import apply_model

    (cube,) = options.cubes
    return work(
        options,
        lambda job: apply_model(
            options.model,
            cube,
            job,
            workers=workers,
            side=options.tile,
            resume=options.resume,
        ),
        config=config_of(options),
        placement=options.placement,
        test=options.test,
        formats=options.format,
        refine=options.refine,
        standardise=options.standardise,
        region=options.region,
        mask=options.mask,
    )


def _run_many(
    options: Namespace, cubes: list[str], notes: list[str], workers: int | WorkerProcesses
) -> int:
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.core.progress import Note
    from hsi_viewer.jobs.apply import options_of
    from hsi_viewer.jobs.batch.run import BatchJob, run_batch
    from hsi_viewer.jobs.batch.scenes import Scene, read_table
    from hsi_viewer.jobs.job import Job

    tabled, more = ([], []) if options.table is None else read_table(options.table)
    scenes, notes = [*map(Scene, cubes), *tabled], [*notes, *more]
    job = Job(
        options.output,
        config_of(options),
        formats=options.format,
        refine=options.refine,
        standardise=options.standardise,
        region=options.region,
        mask=options.mask,
    )
    with terminable(), progress_on_stderr(options.quiet) as port:
        for text in notes:
            port.report(Note(text))
        result = run_batch(
            BatchJob(
                options.model,
                scenes,
                options.output,
                options_of(job, options.tile),
                formats=options.format,
                workers=workers,
                scheduler=options.scheduler,
                part=options.part,
                assemble=options.assemble,
                resume=options.resume,
                overwrite=options.overwrite,
                port=port,
            )
        )
    if options.json:
        print_json({**result.record(), "warnings": notes})
    elif not options.quiet:
        print_text(result.text())
    unfinished = [s for s in result.scenes if options.assemble and s.status == "unfinished"]
    for scene in unfinished:
        complain(f"{scene.name}: {scene.error}")
    return FAILED if result.failed or unfinished else 0

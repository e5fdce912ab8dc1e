"""hsi-viewer train: one model of the labels of several scenes."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from hsi_viewer.cli.commands.classify import add_classifier, training_config
from hsi_viewer.cli.jobs import add_placement, add_region
from hsi_viewer.cli.output import (
    add_device,
    add_folder,
    add_reporting,
    print_json,
)
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import print_text, terminable
from hsi_viewer.core.text import percent

EXAMPLES = (
    "hsi-viewer train north.hdr south.hdr --labels north.tif south.tif --output model",
    "hsi-viewer train a.hdr b.hdr --labels a.npy b.npy --classifier lda -o model --json --quiet",
    "hsi-viewer train a.hdr b.hdr --labels a.npy b.npy --region area.gpkg --mask roads.geojson "
    "--bands 400-900 --output model",
    "hsi-viewer train a.hdr b.hdr --labels a.npy b.npy --preset best --seed 7 --voices pixels "
    "--device cpu --placement resample --overwrite --output model",
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("train", run, "train one model on several scenes", EXAMPLES)
    parser.add_argument(
        "cubes",
        metavar="CUBE",
        nargs="+",
        help="scenes, whose bands are matched with those of the first",
    )
    parser.add_argument(
        "--labels",
        metavar="FILE",
        nargs="+",
        required=True,
        help="labels of each scene, in the same order (--labels north.tif south.tif)",
    )
    add_placement(parser)
    add_region(parser)
    add_folder(parser, required=True)
    add_classifier(parser)
    add_device(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Train, write and print."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.job import Job
    from hsi_viewer.jobs.train import train

    config = training_config(options)
    with terminable(), progress_on_stderr(options.quiet) as port:
        job = Job(
            options.output,
            port=port,
            overwrite=options.overwrite,
            config=config,
            placement=options.placement,
            classifier=options.classifier,
            region=options.region,
            mask=options.mask,
            bands=options.bands,
        )
        report = train(options.cubes, options.labels, job)
    if options.json:
        files = [str((options.output / name).absolute()) for name in report["files"]]
        print_json({**report, "files": files})
    elif not options.quiet:
        print_text(_text(report))
        places = [f"Results in {options.output.absolute()}:", *report["files"]]
        print_text("\n  ".join(places))
    return 0


def _text(report: dict[str, Any]) -> str:
    """The leave-one-scene-out figure in a few lines."""
    found = report["held_out"]
    if found is None:
        return "No scene could be held out, so the accuracy on other scenes is unknown."
    lines = [
        f"Scenes held out: models of the other scenes classify {percent(found['overall'], 1)} "
        "of their labelled pixels correctly."
    ]
    lines += [
        f"  {each['scene']}: {percent(each['overall'], 1)} of {each['pixels']}"
        for each in found["scenes"]
    ]
    return "\n".join(lines)

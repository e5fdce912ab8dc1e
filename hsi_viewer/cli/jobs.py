"""What classify, apply and demo share: run a job with progress, and print what it made."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from hsi_viewer.cli.output import print_json
from hsi_viewer.cli.parser import UsageError
from hsi_viewer.cli.streams import print_text, terminable
from hsi_viewer.cli.values import names_of
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.text import percent
from hsi_viewer.core.training import TrainingConfig

if TYPE_CHECKING:
    from hsi_viewer.core.assessment.accuracy import AccuracyReport
    from hsi_viewer.jobs.classify import JobResult
    from hsi_viewer.jobs.job import Job

# What a user writes, and what the exporter calls it.
FORMATS = {
    "envi": "envi",
    "geotiff": "tif",
    "tif": "tif",
    "npy": "npy",
    "mat": "mat",
    "png": "png",
    "confidence": "confidence",
    "confidence-geotiff": "confidence_tif",
    "probabilities": "probabilities",
    "cog": "cog",
    "zarr": "zarr",
}


def add_test(parser: ArgumentParser) -> None:
    """Labels that score the map."""
    parser.add_argument(
        "--test",
        metavar="FILE",
        help="test labels, of the same kinds as training labels; the accuracy of the map is "
        "printed and put into report.json (--test test.tif)",
    )


def add_placement(parser: ArgumentParser) -> None:
    """How labels of another grid are laid on the cube."""
    parser.add_argument(
        "--placement",
        choices=get_args(Placement),
        help="how labels of another size or place are laid on the cube; found out if left out "
        "(--placement resample)",
    )


def add_formats(parser: ArgumentParser) -> None:
    """The files that are wanted."""
    parser.add_argument(
        "--format",
        metavar="NAME,NAME",
        type=names_of(FORMATS),
        help="files to write, of envi, geotiff, npy, mat, png, confidence, confidence-geotiff, "
        "probabilities, cog and zarr (map and confidence in both); if left out, the usual ones "
        "(--format png,geotiff)",
    )


def add_region(parser: ArgumentParser, *, bands: bool = True) -> None:
    """What of a scene is used."""
    parser.add_argument(
        "--region",
        metavar="FILE",
        help="use only what lies inside: polygons, placed by their coordinates, or a "
        "raster whose nonzero pixels are inside; the rest is class 0 (--region field.geojson)",
    )
    parser.add_argument(
        "--mask",
        metavar="FILE",
        help="leave out what a file marks, such as clouds: a raster whose nonzero pixels are "
        "left out, or polygons (--mask clouds.tif)",
    )
    if bands:
        parser.add_argument(
            "--bands",
            metavar="RANGES",
            help="use only these bands: ranges of wavelengths in nm, of scenes without wavelengths "
            'ranges of numbers from 1; "0.4-0.9 um" and "bands 1-50" say which '
            "(--bands 400-900,1000-1300)",
        )


def config_of(options: Namespace, **settings: Any) -> TrainingConfig:
    """Settings of a job from its options.

    Raises
    ------
    UsageError
        if two of them contradict each other.
    """
    strength = getattr(options, "refine", "auto")
    unrefined = getattr(options, "no_refine", False)
    if unrefined and strength not in ("auto", "none"):
        raise UsageError(f"--no-refine contradicts --refine {strength}; leave out one of them.")
    return TrainingConfig(device=options.device, refine=not unrefined, **settings)


def add_refine(parser: ArgumentParser) -> None:
    """How strongly the map is refined."""
    parser.add_argument(
        "--refine",
        choices=("auto", "none", "weak", "full"),
        default="auto",
        help="how strongly the map is smoothed along the image; auto, the default, as "
        "cross-validation on the labels of the model bears out (--refine weak)",
    )


def work(options: Namespace, do: Callable[[Job], JobResult], **settings: Any) -> int:
    """Run a job with progress on standard error, then print what it made; return the status."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.job import Job

    with terminable(), progress_on_stderr(options.quiet) as port:
        result = do(Job(options.output, port=port, overwrite=options.overwrite, **settings))
    if options.json:
        files = [str((options.output / name).absolute()) for name in result.report["files"]]
        print_json({**result.report, "files": files})
    elif not options.quiet:
        _print_result(result, options.output)
    return 0


def _print_result(result: JobResult, output: Path) -> None:
    report = result.report
    if result.accuracy is not None:
        print_text(accuracy_text(result.accuracy))
    done = f"Done in {report['seconds']['total']:.1f} s. Results in {output.absolute()}:"
    print_text("\n  ".join([done, *report["files"]]))


def accuracy_text(accuracy: AccuracyReport) -> str:
    """The accuracy in one line."""
    overall, kappa = accuracy.overall, accuracy.kappa
    interval = f"95 % interval {percent(overall.low, 1)} to {percent(overall.high, 1)}"
    if overall.low != overall.low:
        interval = "too few groups of test pixels for an interval"
    return (
        f"Overall accuracy {percent(overall.value, 1)} ({interval}), average accuracy "
        f"{percent(accuracy.average, 1)}, kappa "
        f"{'undefined' if kappa != kappa else f'{kappa:.3f}'}, on {accuracy.total} test pixels"
    )

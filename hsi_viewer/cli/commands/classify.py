"""hsi-viewer classify: train on labels and map the scene."""

from __future__ import annotations

from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any, get_args

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
    add_cube,
    add_device,
    add_folder,
    add_no_refine,
    add_reporting,
)
from hsi_viewer.cli.parser import Commands, UsageError
from hsi_viewer.cli.values import seed
from hsi_viewer.core.errors import SettingError
from hsi_viewer.core.training import Preset, TrainingConfig, VoiceChoice

EXAMPLES = (
    "hsi-viewer classify scene.hdr --labels labels.tif --output result",
    "hsi-viewer classify scene.hdr --labels train.gpkg --test test.gpkg --output result --json",
    "hsi-viewer classify scene.hdr --labels rois.xml --output result --format png,geotiff --quiet",
    "hsi-viewer classify scene.hdr --labels labels.tif --classifier svm --output result --report",
    "hsi-viewer classify scene.hdr --labels labels.tif --refine none -o result --bundle result.zip",
    "hsi-viewer classify scene.hdr --labels half.npy --placement resample --output result",
    "hsi-viewer classify scene.hdr --labels labels.tif --region field.geojson --mask clouds.tif "
    "--bands 400-900,1000-1300 --output result",
    f"hsi-viewer classify {SAMPLE} --labels {SAMPLE}/labels --output result --preset best "
    "--seed 7 --voices pixels --device cpu --no-refine --overwrite",
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("classify", run, "train on labels and map the scene", EXAMPLES)
    add_cube(parser)
    add_labels(parser)
    add_test(parser)
    add_placement(parser)
    add_region(parser)
    add_folder(parser, required=True)
    add_formats(parser)
    add_classifier(parser)
    add_device(parser)
    add_refine(parser)
    add_no_refine(parser)
    add_report(parser)
    add_reporting(parser)


def add_report(parser: ArgumentParser) -> None:
    """Whether a report and a bundle are written."""
    parser.add_argument(
        "--report",
        action="store_true",
        help="also write a report of the run into DIR/report: HTML, PDF, JSON and CSV",
    )
    parser.add_argument(
        "--bundle",
        metavar="FILE",
        type=Path,
        help="also put map, labels, model, settings, checksums and report into one .zip that "
        "verify can make again (--bundle result.zip)",
    )


def add_labels(parser: ArgumentParser) -> None:
    """The labels that are trained on."""
    parser.add_argument(
        "--labels",
        metavar="FILE",
        required=True,
        help="training labels: image of class ids, ENVI regions, table of pixels, shapes or "
        "ilastik project (--labels labels.tif)",
    )


def add_classifier(parser: ArgumentParser) -> None:
    """What is trained, and how."""
    parser.add_argument(
        "--classifier",
        metavar="NAME",
        type=_classifier,
        default="sdhsi",
        action=_ClassifierOption,
    )
    parser.add_argument(
        "--preset",
        choices=get_args(Preset),
        default="fast",
        help="fast, the default, or best for the final map (--preset best)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, help="of every random choice; 0 if left out (--seed 7)"
    )
    parser.add_argument(
        "--voices",
        choices=get_args(VoiceChoice),
        default="auto",
        help="which classifiers of sdhsi are heard; auto, the default, weighs them by "
        "cross-validation (--voices pixels)",
    )


class _ClassifierOption(Action):
    """Stores a name; the help is made of the table of classifiers only when it is shown."""

    def __call__(
        self, _parser: ArgumentParser, options: Namespace, value: Any, _option: str | None = None
    ) -> None:
        setattr(options, self.dest, value)

    def _list(self) -> str:
        """Every classifier by name and title, those of plug-ins too."""
        from hsi_viewer.learning.classifiers import DEFAULT, classifiers

        rows = (
            f"{row.name} ({row.title}{', the default' if row.name == DEFAULT else ''})"
            for row in classifiers()
        )
        return ", ".join(rows).replace("%", "%%") + " (--classifier svm)"

    def _ignore(self, _text: str | None) -> None:
        """What argparse sets."""

    help = property(_list, _ignore)


def _classifier(text: str) -> str:
    from hsi_viewer.learning.classifiers import classifier

    try:
        return classifier(text).name
    except SettingError as error:
        raise ArgumentTypeError(str(error)) from error


def training_config(options: Namespace) -> TrainingConfig:
    """Settings of a training from its options.

    Raises
    ------
    UsageError
        if the classifier does without one that was chosen.
    """
    from hsi_viewer.learning.classifiers import classifier

    known = classifier(options.classifier).settings
    for name, usual in (("preset", "fast"), ("voices", "auto")):
        if getattr(options, name) != usual and name not in known:
            raise UsageError(f"--{name} is not used by {options.classifier}; leave it out.")
    return config_of(options, preset=options.preset, seed=options.seed, voices=options.voices)


def run(options: Namespace) -> int:
    """Train, map, write and print."""
    from hsi_viewer.jobs.classify import classify

    config = training_config(options)
    return work(
        options,
        lambda job: classify(options.cube, options.labels, job),
        config=config,
        placement=options.placement,
        test=options.test,
        formats=options.format,
        classifier=options.classifier,
        refine=options.refine,
        with_report=options.report,
        bundle=options.bundle,
        region=options.region,
        mask=options.mask,
        bands=options.bands,
    )

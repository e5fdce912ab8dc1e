"""hsi-viewer assess: how good a map is, honestly, from the labels and from a ground truth."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from hsi_viewer.cli.commands.areas import estimate_lines
from hsi_viewer.cli.commands.classify import add_classifier, add_labels, training_config
from hsi_viewer.cli.jobs import accuracy_text, add_placement, add_refine
from hsi_viewer.cli.maps import add_reference, check_strata
from hsi_viewer.cli.output import (
    SAMPLE,
    add_cube,
    add_device,
    add_no_refine,
    add_reporting,
    print_json,
)
from hsi_viewer.cli.parser import Commands
from hsi_viewer.cli.streams import print_text, terminable

if TYPE_CHECKING:
    from hsi_viewer.core.assessment.assessment import Assessment

EXAMPLES = (
    "hsi-viewer assess scene.hdr --labels labels.tif",
    "hsi-viewer assess scene.hdr --labels train.gpkg --truth truth.tif --json",
    "hsi-viewer assess scene.hdr --labels half.npy --placement resample --classifier svm",
    "hsi-viewer assess scene.hdr --labels labels.tif --reference points.gpkg --strata map.tif",
    "hsi-viewer assess scene.hdr --labels labels.tif --voices pixels --refine weak",
    f"hsi-viewer assess {SAMPLE} --labels {SAMPLE}/labels --preset best --seed 7 --device cpu "
    "--no-refine --quiet",
)


def add(commands: Commands) -> None:
    """Add the command."""
    what = "measure how good the map of some labels is"
    parser = commands.add("assess", run, what, EXAMPLES)
    add_cube(parser)
    add_labels(parser)
    parser.add_argument(
        "--truth",
        metavar="FILE",
        help="ground truth, of the same kinds as labels; without one, the labels are "
        "cross-validated (--truth truth.tif)",
    )
    add_reference(parser)
    add_placement(parser)
    add_classifier(parser)
    add_device(parser)
    add_refine(parser)
    add_no_refine(parser)
    add_reporting(parser)


def run(options: Namespace) -> int:
    """Measure and print."""
    from hsi_viewer.cli.progress import progress_on_stderr
    from hsi_viewer.jobs.assess import AssessJob, assess, assessment_record

    check_strata(options)
    config = training_config(options)
    with terminable(), progress_on_stderr(options.quiet) as port:
        found = assess(
            AssessJob(
                options.cube,
                options.labels,
                options.truth,
                config,
                options.classifier,
                options.placement,
                options.refine,
                options.reference,
                options.strata,
                port=port,
            )
        )
    if options.json:
        print_json(assessment_record(found))
    elif not options.quiet:
        print_text("\n".join(lines_of(found)))
    return 0


def lines_of(found: Assessment) -> list[str]:
    """The figures in words, the honest one first."""
    from hsi_viewer.core.assessment.sample_assessment import NO_SAMPLE
    from hsi_viewer.jobs.sampling import sample_record

    lines = ["Separate places: not measured, too few are labelled"]
    if found.separated is not None:
        lines = [f"Separate places: {_small(accuracy_text(found.separated))}"]
    if found.random is not None:
        lines.append(f"Random test pixels: {_small(accuracy_text(found.random))}")
    texts = [str(text) for text in (found.sentence, found.separation) if text is not None]
    lines += [text for text in texts if text not in found.warnings]
    if found.reliability is not None:
        lines.append(
            f"Confidence is off by {100 * found.calibration_error:.1f} points on average "
            "(expected calibration error)."
        )
    if found.sample is None:
        return [*lines, f"No areas: {_small(NO_SAMPLE)}"]
    return [*lines, *estimate_lines(sample_record(found.sample, found.name_of))]


def _small(text: str) -> str:
    return text[0].lower() + text[1:]

"""The command line: hsi-viewer open | info | classify | apply | convert | demo.

Nothing slow is imported here: `hsi-viewer CUBE` must show its window at once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from hsi_viewer import __version__
from hsi_viewer.cli_process import (
    FAILED,
    INTERRUPTED,
    TERMINATED,
    TerminatedError,
    complain,
    hold_streams,
    say,
    terminable,
)
from hsi_viewer.core.errors import HsiError, SettingError
from hsi_viewer.core.labels.imported_labels import Placement
from hsi_viewer.core.training import Device, Preset, TrainingConfig

if TYPE_CHECKING:
    from hsi_viewer.jobs.classify import Job, JobResult

SAMPLE = "sample:indian-pines"
DEMO_LABELS_PER_CLASS = 10
# More digits are no number of a row, a band or a seed.
MAX_DIGITS = 10
MAX_BANDS = 1 << 20


class UsageError(HsiError):
    """The command line itself is wrong."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all others are."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (options: {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status; `open` is understood where no command stands."""
    # torch's threads spin while they wait; with anything else running on the machine (the window
    # itself) that makes training several times slower. Read once, when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    hold_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if "" in given:  # as of a variable that is not set; as a path it would be this folder
            raise UsageError("one of the arguments is empty; name a file or a folder.")
        parser, commands = _parsers()
        if not given or given[0] not in {*commands, "-h", "--help", "--version"}:
            given.insert(0, "open")
        options = parser.parse_args(given)
        status: int = options.run(options)
    except HsiError as error:
        complain(str(error))
        return FAILED
    except TerminatedError:
        complain("terminated")
        return TERMINATED
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    return status


def _parsers() -> tuple[_Parser, Sequence[str]]:
    """The parser of everything, and the names of the commands."""
    parser = _Parser(
        prog="hsi-viewer",
        description="Classify hyperspectral images from a few labelled pixels.",
        epilog=f"CUBE is a file, or {SAMPLE} for the sample scene; LABELS is an image of class "
        f"ids, a file of regions or shapes, or {SAMPLE}/labels. Without a command, open is meant.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"hsi-viewer {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    opening = _command(commands, "open", _open, "show a cube in the application (the default)")
    opening.add_argument("cube", metavar="CUBE", nargs="?")
    opening.add_argument(
        "--screenshot",
        metavar="FILE",
        type=Path,
        help="save a picture of the window once the scene is shown, and end",
    )

    info = _command(commands, "info", _info, "say what is known about a cube")
    info.add_argument("cube", metavar="CUBE")
    _add_json(info)

    classify = _command(commands, "classify", _classify, "train on labels and map the scene")
    classify.add_argument("cube", metavar="CUBE")
    classify.add_argument(
        "--labels",
        metavar="FILE",
        required=True,
        help="label image, regions of ENVI, table of pixels, shapes or ilastik project",
    )
    classify.add_argument(
        "--placement",
        choices=get_args(Placement),
        help="how labels of another size or place are laid on the cube",
    )
    _add_output(classify, required=True)
    classify.add_argument("--seed", type=_seed, default=0, help="of every random choice (0)")
    classify.add_argument("--device", choices=get_args(Device), default="auto")
    classify.add_argument(
        "--classifier",
        metavar="NAME",
        type=_classifier,
        default="sdhsi",
        help="sdhsi (SDHSI-Net, the default), lda (linear discriminant), svm (support vector "
        "machine), or one that a plug-in adds",
    )
    classify.add_argument("--preset", choices=get_args(Preset), default="fast")
    _add_json(classify)

    applying = _command(commands, "apply", _apply, "map a cube with a trained model")
    applying.add_argument("model", metavar="MODEL", type=Path, help="the folder of classify")
    applying.add_argument("cube", metavar="CUBE")
    _add_output(applying, required=True)
    applying.add_argument(
        "--overwrite", action="store_true", help="replace the map in the folder of a model"
    )
    _add_json(applying)

    converting = _command(
        commands, "convert", _convert, "write a cube, or a part, as another format"
    )
    converting.add_argument("cube", metavar="CUBE")
    converting.add_argument(
        "target", metavar="FILE", type=Path, help=".hdr (ENVI), .tif, .mat, .npy or .zarr"
    )
    for name in ("rows", "columns"):
        converting.add_argument(f"--{name}", metavar="A:B", type=_range, help="from A up to B")
    which = converting.add_mutually_exclusive_group()
    which.add_argument("--bands", metavar="A:B,C", type=_bands, help="numbers from 0, and ranges")
    which.add_argument("--wavelengths", metavar="NM,NM", type=_wavelengths, help="resample to")
    converting.add_argument(
        "--interleave", choices=("bsq", "bil", "bip"), default="bil", help="of ENVI (bil)"
    )
    _add_json(converting)

    demo = _command(commands, "demo", _demo, "the whole job on the sample scene, in the terminal")
    _add_output(demo, default=Path("demo"))
    _add_json(demo)
    return parser, tuple(commands.choices)


def _command(commands: Any, name: str, run: Any, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(run=run)
    return parser


def _add_output(parser: argparse.ArgumentParser, **options: Any) -> None:
    parser.add_argument(
        "--output", metavar="DIR", type=Path, help="folder for the results", **options
    )


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _seed(text: str) -> int:
    if not (_is_number(text) and int(text) < 2**32):
        raise argparse.ArgumentTypeError(
            f"a seed is a whole number in 0..{2**32 - 1}, not {_short(text)}"
        )
    return int(text)


def _classifier(text: str) -> str:
    from hsi_viewer.learning.classifiers import classifier

    try:
        return classifier(text).name
    except SettingError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."


def _range(text: str) -> tuple[int, int]:
    start, colon, stop = text.partition(":")
    if not (colon and _is_number(start) and _is_number(stop)):
        raise argparse.ArgumentTypeError(
            f"a range is written A:B, from A up to B, not {_short(text)}"
        )
    return int(start), int(stop)


def _bands(text: str) -> tuple[int, ...]:
    bands: list[int] = []
    for part in text.split(","):
        first, stop = (int(part), int(part) + 1) if _is_number(part) else _range(part)
        if len(bands) + stop - first > MAX_BANDS:
            raise argparse.ArgumentTypeError(f"at most {MAX_BANDS} bands, not {_short(text)}")
        bands += range(first, stop)
    return tuple(bands)


def _wavelengths(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"wavelengths are numbers in nm, not {_short(text)}"
        ) from error


# commands ------------------------------------------------------------------------------------


def _open(options: argparse.Namespace) -> int:
    _choose_qt_platform(options.screenshot is not None)
    if options.screenshot is not None and options.cube:
        _check_picture(options.screenshot, options.cube)
    from hsi_viewer.app import run

    return run(options.cube, options.screenshot)


def _check_picture(picture: Path, source: str) -> None:
    from hsi_viewer.io.files.identify import split_source
    from hsi_viewer.io.writers.own_files import own_files

    if picture.resolve() in own_files(split_source(source)[0]):
        raise UsageError(f"{picture} is a file of the cube itself; choose another name.")


def _choose_qt_platform(screenshot: bool) -> None:
    """Without a display Qt would abort the process: draw off screen, or say what to do."""
    shown = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if not sys.platform.startswith("linux") or any(os.environ.get(name) for name in shown):
        return
    if not screenshot:
        raise UsageError(
            "no display was found, so no window can be shown; "
            "use hsi-viewer classify, or hsi-viewer demo to see it work."
        )
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def _info(options: argparse.Namespace) -> int:
    from hsi_viewer.io.info import cube_info, diagnosis

    try:
        facts = cube_info(options.cube)
    except HsiError:
        report = None if options.json else diagnosis(options.cube)
        if report is not None:
            say(report)
        raise
    if options.json:
        _print_json(facts)
    else:
        width = max(len(name) for name in facts)
        say("\n".join(f"{n.replace('_', ' '):{width}}  {_text(v)}" for n, v in facts.items()))
        report = diagnosis(options.cube)
        if report is not None:
            say(f"\n{report}")
    return 0


def _convert(options: argparse.Namespace) -> int:
    from hsi_viewer.cli_progress import progress_on_stderr
    from hsi_viewer.io.convert import convert
    from hsi_viewer.io.writers.subset import Subset

    subset = Subset(options.rows, options.columns, options.bands, options.wavelengths)
    with terminable(), progress_on_stderr() as port:
        files = convert(options.cube, options.target, subset, options.interleave, port)
    names = [str(path.absolute()) for path in files]
    if options.json:
        _print_json({"files": names})
    else:
        say("\n  ".join(["Written:", *names]))
    return 0


def _classify(options: argparse.Namespace) -> int:
    from hsi_viewer.jobs.classify import classify

    config = TrainingConfig(preset=options.preset, seed=options.seed, device=options.device)
    return _work(
        options,
        lambda job: classify(options.cube, options.labels, job),
        config=config,
        classifier=options.classifier,
        placement=options.placement,
    )


def _apply(options: argparse.Namespace) -> int:
    from hsi_viewer.jobs.classify import apply_model

    return _work(
        options,
        lambda job: apply_model(options.model, options.cube, job),
        overwrite=options.overwrite,
    )


def _demo(options: argparse.Namespace) -> int:
    from hsi_viewer.jobs.classify import demonstrate

    return _work(
        options, lambda job: demonstrate(SAMPLE, f"{SAMPLE}/labels", DEMO_LABELS_PER_CLASS, job)
    )


# output --------------------------------------------------------------------------------------


def _work(options: argparse.Namespace, do: Callable[[Job], JobResult], **settings: Any) -> int:
    """Run a job with a progress bar on standard error, then print what it made."""
    from hsi_viewer.cli_progress import progress_on_stderr
    from hsi_viewer.jobs.classify import Job

    with terminable(), progress_on_stderr() as port:
        result = do(Job(options.output, port=port, **settings))
    if options.json:
        files = [str((options.output / name).absolute()) for name in result.report["files"]]
        _print_json({**result.report, "files": files})
    else:
        _print_result(result, options.output)
    return 0


def _print_result(result: JobResult, output: Path) -> None:
    report = result.report
    if result.accuracy is not None:
        overall = result.accuracy.overall
        say(
            f"Overall accuracy {overall.value:.1%} (95 % interval {overall.low:.1%} to "
            f"{overall.high:.1%}), average accuracy {result.accuracy.average:.1%}, kappa "
            f"{result.accuracy.kappa:.3f}, on {result.accuracy.total} test pixels"
        )
    done = f"Done in {report['seconds']['total']:.1f} s. Results in {output.absolute()}:"
    say("\n  ".join([done, *report["files"]]))


def _print_json(record: dict[str, Any]) -> None:
    say(json.dumps(record, indent=2, allow_nan=False))


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    sys.exit(main())

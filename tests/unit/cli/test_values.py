"""What is typed after options, at both ends of what is allowed, and what holds without them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from hsi_viewer.cli import program
from hsi_viewer.cli.parser import UsageError
from hsi_viewer.cli.program import parsed

APPLY = ["apply", "model", "a.npy", "-o", "out"]
CLASSIFY = ["classify", "a.npy", "--labels", "b.npy", "-o", "out"]
CLEAN = ["clean", "a.tif", "b.tif"]
CONVERT = ["convert", "a.npy", "-o", "b.npy"]
POLYGONS = ["polygons", "a.tif", "b.gpkg"]
SAMPLE = ["sample", "a.tif", "b.csv"]
SUGGEST = ["suggest", "model", "a.npy", "--labels", "b.npy"]
TOO_LONG = "1" * 11


@pytest.fixture(scope="module", autouse=True)
def parsers_are_made_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "make_commands", cache(program.make_commands))
        yield


def value_of(command: list[str], option: str, *texts: str) -> Any:
    """What an option gives, by its name."""
    line = [word for text in texts for word in (option, text)]
    name = {"--continue": "resume"}.get(option, option.removeprefix("--"))
    return getattr(parsed([*command, *line]), name)


@pytest.mark.parametrize(
    ("command", "option", "text", "expected"),
    [
        (CLASSIFY, "--seed", "0", 0),
        (CLASSIFY, "--seed", "4294967295", 2**32 - 1),
        (SAMPLE, "--seed", "7", 7),
        (APPLY, "--workers", "1", 1),
        (APPLY, "--workers", "1000", 1000),
        (SUGGEST, "--count", "1000", 1000),
        (APPLY, "--part", "1/1", (1, 1)),
        (APPLY, "--part", "3/40", (3, 40)),
        (APPLY, "--tile", "32", 32),
        (APPLY, "--tile", "1024", 1024),
        (APPLY, "--format", " PNG, geotiff,tif", ("png", "tif")),
        (APPLY, "--format", "confidence-geotiff,cog", ("confidence_tif", "cog")),
        (CONVERT, "--rows", "0:9999999999", (0, 9999999999)),
        (CONVERT, "--columns", "5:3", (5, 3)),
        (CONVERT, "--bands", "3,10:13", (3, 10, 11, 12)),
        (CONVERT, "--bands", "0", (0,)),
        (CONVERT, "--wavelengths", "490,560.5", (490.0, 560.5)),
        (CLEAN, "--open", "1, 65535", (1, 65535)),
        (CLEAN, "--close", "3", (3,)),
        (CLEAN, "--majority", "3", 3),
        (CLEAN, "--majority", "255", 255),
        (CLEAN, "--minimum", "8", (8.0, None)),
        (CLEAN, "--minimum", "2.5", (2.5, None)),
        (CLEAN, "--minimum", " 400 M2", (0.0, 400.0)),
        (CLEAN, "--minimum", "400m²", (0.0, 400.0)),
        (CLEAN, "--minimum", "0.5ha", (0.0, 5000.0)),
        (CLEAN, "--minimum", "2km2", (0.0, 2e6)),
        (CLEAN, "--minimum", "2 km²", (0.0, 2e6)),
        (CLEAN, "--connectivity", "8", 8),
        (POLYGONS, "--smooth", "0", 0.0),
        (POLYGONS, "--smooth", "999.5", 999.5),
        (POLYGONS, "--smooth", "0.123456", 0.123456),
        (SAMPLE, "--size", "1", 1),
        (SAMPLE, "--size", "1000000", 10**6),
        (SAMPLE, "--least", "20", 20),
        (SAMPLE, "--interval", ".03", 0.03),
        (SAMPLE, "--interval", "0.999999999", 0.999999999),
    ],
)
def test_a_value_is_taken_as_it_is_written(command, option, text, expected):
    assert value_of(command, option, text) == expected


@pytest.mark.parametrize(
    ("command", "option", "texts"),
    [
        (CLASSIFY, "--seed", ["4294967296", "-1", "1.0", "", TOO_LONG, "²", "x"]),
        (APPLY, "--workers", ["0", "1001", "1.5"]),
        (SUGGEST, "--count", ["0", "1001"]),
        (APPLY, "--part", ["0/2", "3/2", "1", "1/", "/2", "a/b", f"1/{TOO_LONG}"]),
        (APPLY, "--tile", ["31", "1025", "x"]),
        (APPLY, "--format", ["png,pcx", "pcx"]),
        (CONVERT, "--rows", ["5", "5:", ":5", "a:b", "1:2:3", f"0:{TOO_LONG}"]),
        (CONVERT, "--bands", ["", "1,", "1:", "0:1048577", "0:1048576,1", "x"]),
        (CONVERT, "--wavelengths", ["", "490,", "blue"]),
        (CLEAN, "--open", ["0", "65536", "1,", "x", "123456"]),
        (CLEAN, "--merge", ["3", "3=", "=3", "3=0", "0=3", "3=65536"]),
        (CLEAN, "--majority", ["1", "2", "4", "257", "-3", "1003"]),
        (CLEAN, "--minimum", ["0", "-1", "8 acres", "ha", "1e3", "1" * 400]),
        (CLEAN, "--connectivity", ["6"]),
        (POLYGONS, "--smooth", ["-1", "1000", "1.", "0.1234567", "x"]),
        (SAMPLE, "--size", ["0", "1000001", "12345678"]),
        (SAMPLE, "--interval", ["0", "1", "0.0", "1.5", "0.1234567890"]),
        (SAMPLE, "--expected", ["1", "=0.5", "0=0.5", "65536=0.5", "3=", "3=1.5"]),
    ],
)
def test_what_is_beyond_the_ends_is_refused_and_quoted(command, option, texts):
    for text in texts:
        with pytest.raises(UsageError) as raised:
            parsed([*command, f"{option}={text}"])
        assert option in str(raised.value)
        part = text.split(",")[-1].split("=")[-1]  # of a list what is wrong in it
        quoted = (text[:40] or "nothing",) + ((part,) if part else ("not nothing", 'not ""'))
        assert any(each in str(raised.value) for each in quoted)
        assert len(str(raised.value)) < 220


def test_most_bands_are_allowed_in_one_range_or_in_two():
    assert len(value_of(CONVERT, "--bands", "0:1048576")) == 2**20
    assert value_of(CONVERT, "--bands", "7,0:1048575")[:3] == (7, 0, 1)


def test_options_that_may_be_repeated_are_all_kept():
    assert value_of(CLEAN, "--merge", "3,4=3", "7=6") == [{3: 3, 4: 3}, {7: 6}]
    assert value_of(SAMPLE, "--expected", "0.9", "4=0.7") == [(None, 0.9), (4, 0.7)]


OFF = {"json": False, "quiet": False, "overwrite": False}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (APPLY, {"workers": 1, "tile": 512, "resume": False, "assemble": False, "part": None,
                 "no_refine": False, "refine": "auto", "standardise": "training",
                 "device": "auto", **OFF}),
        (CLASSIFY, {"seed": 0, "preset": "fast", "voices": "auto", "classifier": "sdhsi",
                    "report": False, "bundle": None, "no_refine": False, "format": None, **OFF}),
        (CLEAN, {"merge": None, "open": (), "close": (), "majority": 1, "minimum": (0.0, None),
                 "connectivity": 4, **OFF}),
        (CONVERT, {"reflectance": False, "rows": None, "bands": None, "interleave": None, **OFF}),
        (POLYGONS, {"smooth": 0.0, "confidence": None, "objects": None, **OFF}),
        (SAMPLE, {"interval": 0.05, "size": None, "expected": [], "allocation": "recommended",
                  "least": None, "blind": False, "seed": 0, **OFF}),
        (SUGGEST, {"count": 8, "json": False, "quiet": False}),
    ],
)  # fmt: skip
def test_what_is_not_given_is_the_usual(line, expected):
    found = vars(parsed(line))
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        (APPLY, {"--continue": "resume", "--assemble": "assemble", "--no-refine": "no_refine"}),
        (CLASSIFY, {"--report": "report", "-q": "quiet", "--json": "json"}),
        (CONVERT, {"--reflectance": "reflectance", "--overwrite": "overwrite"}),
        (SAMPLE, {"--blind": "blind", "--quiet": "quiet"}),
    ],
)
def test_a_flag_is_on_where_it_is_given(line, flags):
    found = vars(parsed([*line, *flags]))
    assert [found[name] for name in flags.values()] == [True] * len(flags)


@pytest.mark.parametrize(
    "line",
    [
        [*APPLY, "--part", "1/2", "--assemble"],
        [*APPLY, "--workers", "2", "--scheduler", "tcp://a:1"],
        [*SAMPLE, "--size", "9", "--interval", "0.1"],
        [*CONVERT, "--bands", "1", "--wavelengths", "500"],
    ],
)
def test_of_two_that_exclude_each_other_one_may_be_given(line):
    with pytest.raises(UsageError, match="not allowed with"):
        parsed(line)


@pytest.mark.parametrize(
    ("line", "source", "target"),
    [
        (["clean", "a.tif", "b.tif"], "a.tif", "b.tif"),
        (["clean", "a.tif", "-o", "b.tif"], "a.tif", "b.tif"),
        (["polygons", "a.tif", "b.gpkg", "--smooth", "2"], "a.tif", "b.gpkg"),
    ],
)
def test_the_file_to_write_stands_after_the_map_or_after_its_option(line, source, target):
    options = parsed(line)
    assert (options.map, str(options.output)) == (source, target)


@pytest.mark.parametrize("rest", [["b.tif", "c.tif"], ["-o", "b.tif", "c.tif"]])
def test_a_second_file_to_write_is_refused(rest):
    with pytest.raises(UsageError, match=r"unrecognized arguments: c\.tif"):
        parsed(["clean", "a.tif", *rest])


def test_what_stands_after_two_dashes_is_no_option():
    assert parsed(["info", "--json", "--", "--a.hdr"]).cube == "--a.hdr"

"""What a job is doing, and how much of it is done, from 0 to 1."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.progress import CancelToken, Note, TaskCancelledError
from hsi_viewer.jobs.after_map import areas_of_file, clean_file
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.polygons import MapOnGround, PolygonOptions, write_map_polygons
from hsi_viewer.jobs.report import write
from hsi_viewer.jobs.report.trained import write_trained
from hsi_viewer.jobs.report.write import write_report
from tests.unit.jobs.report.test_trained import BARE
from tests.unit.learning.made import Recorder

IDS = np.array([[2, 2, 5], [2, 5, 5], [5, 5, 2], [5, 5, 2]], np.uint16)
LEGEND = ClassLegend([LabelClass(2, "Corn", (1, 2, 3)), LabelClass(5, "Oats", (3, 2, 1))])


def told(port: Recorder) -> list[tuple[str, float | None]]:
    return [(item.message, item.fraction) for item in port.items]


@pytest.fixture
def class_map(tmp_path) -> str:
    np.save(tmp_path / "map.npy", IDS)
    return str(tmp_path / "map.npy")


def test_cleaning_a_map_reads_it_takes_its_steps_and_writes_it(class_map, tmp_path):
    port = Recorder()
    clean_file(class_map, tmp_path / "c.npy", Cleaning(majority=3, minimum=2.0), port=port)
    assert told(port) == [
        ("Reading the map", None),
        ("Cleaning the map", 0.0),
        ("Cleaning the map", 0.5),
        ("Writing the map", None),
    ]


def test_areas_of_a_map(class_map):
    port = Recorder()
    areas_of_file(class_map, port=port)
    assert told(port) == [("Reading the map", None), ("Measuring the classes", None)]


def test_polygons_of_a_map_strip_by_strip(tmp_path):
    port = Recorder()
    options = PolygonOptions(most_borders=6, port=port)
    write_map_polygons(tmp_path / "p.geojson", MapOnGround(IDS, LEGEND, None, None), options)
    assert {message for message, _ in told(port)} == {"Writing polygons"}
    fractions = [fraction for _, fraction in told(port)]
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert fractions == sorted(set(fractions))


def test_a_report_and_that_of_a_model(tmp_path, monkeypatch):
    port = Recorder()
    monkeypatch.setattr(write, "_write", lambda *_: [])
    assert write_report(None, tmp_path / "report", CancelToken(), port) == []
    write_trained(BARE, tmp_path, CancelToken(), port)
    assert told(port) == [("Writing the report", None)] * 2


def test_what_a_job_announces_and_notes_goes_to_its_port_until_it_is_cancelled(tmp_path):
    token = CancelToken()
    port = Recorder(token, 2)
    job = Job(tmp_path, token=token, port=port)
    job.announce("Reading")
    job.report(Note("Odd."))
    assert [*job.warnings, port.items[1].text] == ["Odd.", "Odd."]
    with pytest.raises(TaskCancelledError):
        job.announce("Writing")
    assert len(port.items) == 2

"""Each sentence of a report for each kind of map, word by word."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.core.evidence import Evidence, VoiceShare
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.jobs.report.facts import Applicable, Conformal
from hsi_viewer.jobs.report.methods import described, figures, quoted, with_interval
from tests.unit.jobs.report.by_hand import (
    CLASSES,
    DATA,
    RANDOM,
    SEPARATED,
    VOICES,
    assessed,
    held_out,
    made_facts,
    sample,
)

NAN = float("nan")
ONE = "measured by cross-validation over separate places, more than 8 pixels from the other labels"


def methods(facts) -> str:
    return described(facts)["methods"]


def authors(facts) -> list[str]:
    """The first word of each reference."""
    return [text.split()[0].strip(",") for text in described(facts)["references"]]


def test_a_share_with_its_interval():
    assert with_interval(Interval(0.5, 0.25, 0.755)) == "50.0 % (95 % interval 25.0 % to 75.5 %)"
    assert with_interval(Interval(0.5, NAN, NAN)) == "50.0 % (too few groups for an interval)"


def test_the_figures_in_a_sentence():
    assert figures(RANDOM) == (
        "an overall accuracy of 90.0 % (95 % interval 69.9 % to 97.2 %) over 20 test pixels drawn "
        "at random, an average accuracy of 90.0 % and a kappa of 0.81"
    )
    interval = with_interval(SEPARATED.overall)
    assert interval.startswith("83.3 % (95 % interval ")
    assert figures(SEPARATED) == (
        f"an overall accuracy of {interval} over 3 groups of neighbouring pixels, an average "
        "accuracy of 83.3 % and a kappa of 0.67"
    )
    one = AccuracyReport((2,), np.array([[1500]]), np.array([0]))
    assert "over 1,500 test pixels drawn" in figures(one)
    assert figures(one).endswith("and a kappa of undefined")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (made_facts(), f"Quote {figures(SEPARATED)}, {ONE} of their class."),
        (
            assessed(separated_on="test pixels"),
            f"Quote {figures(SEPARATED)}, measured on test pixels more than 8 pixels from the "
            "training pixels.",
        ),
        (
            assessed(separated_on="test pixels", reach=7),
            f"Quote {figures(SEPARATED)}, measured on test pixels more than 8 pixels from the "
            "training pixels.",
        ),
        (
            assessed(separated_on="test pixels", reach=8),
            f"Quote {figures(SEPARATED)}, measured on test pixels more than 8 pixels from the "
            "training pixels, which is as far as the model looks.",
        ),
        (
            assessed(separated_on="test pixels", reach=9),
            f"Quote {figures(SEPARATED)}, measured on test pixels more than 9 pixels from the "
            "training pixels, which is as far as the model looks.",
        ),
        (
            assessed(separated_on="test pixels", separation=None),
            f"Quote {figures(SEPARATED)}, measured on test pixels of a scene that was not trained "
            "on.",
        ),
        (
            assessed(separated=None),
            "No figure of this map can be quoted as its accuracy: 90.0 % was measured beside the "
            "training pixels, and is optimistic. Label more places, or load test pixels of other "
            "places.",
        ),
        (
            assessed(separated=None, random=None),
            "No figure of this map can be quoted as its accuracy: too few pixels are labelled to "
            "measure one.",
        ),
        (
            replace(assessed(separated=None), trained_elsewhere=True),
            "No figure of this map can be quoted as its accuracy: its model was trained elsewhere, "
            "and too few test pixels of this scene are known to measure one.",
        ),
    ],
)
def test_which_figure_to_quote(facts, said):
    assert quoted(facts) == described(facts)["quote"] == said


@pytest.mark.parametrize(("own", "of"), [(True, "the map"), (False, "an earlier map")])
def test_reference_points_are_quoted_before_anything_else(own, of):
    found = sample(own=own)
    assert found.own_strata == own
    facts = made_facts(sample=found)
    interval = with_interval(found.estimates.overall)
    assert interval.startswith("90.0 % (95 % interval ")
    said = (
        f"{interval}, estimated from 20 reference points that were drawn at random, stratified by "
        f"the classes of {of}"
    )
    assert quoted(facts) == f"Quote an overall accuracy of {said}."
    corn, oats = found.areas
    cited = "Olofsson et al. 2014" if own else "Olofsson et al. 2014; Stehman 2014"
    assert methods(facts).endswith(
        f"Accuracy and areas were also estimated without bias ({cited}): the overall accuracy is "
        f"{said}, seed 7; the areas are Corn 1 (95 % interval {corn.low:,.4g} to {corn.high:,.4g}) "
        f"ha, Oats 1 (95 % interval {oats.low:,.4g} to {oats.high:,.4g}) ha."
    )
    assert ("Stehman" in authors(facts)) != own
    assert "Olofsson" in authors(facts)


def test_the_scene_and_the_training():
    text = methods(made_facts())
    assert text.startswith(
        "The scene made (24 x 30 pixels, 20 bands, 400 to 900 nm) was classified into 2 classes "
        "with SDHSI-Net in HSI Viewer 1.2.3. Only a region of interest was used (34 % of the "
        "scene). The classifier was trained on 13 labelled pixels (1 to 12 per class), preset "
        "fast, seed 3. "
    )
    import dataclasses

    plain = dataclasses.replace(DATA, wavelengths=None, region="")
    unlabelled = tuple(dataclasses.replace(c, training=0) for c in CLASSES)
    many = (*unlabelled, dataclasses.replace(CLASSES[0], id=9, training=1234))
    for classes, counts in ((many, "1,234 labelled pixels (1234 to 1234 per class)"),
                            (unlabelled, "0 labelled pixels")):  # fmt: skip
        text = methods(
            made_facts(data=plain, classes=classes, settings={"classifier": "lda", "seed": None})
        )
        assert text.startswith(
            f"The scene made (24 x 30 pixels, 20 bands) was classified into {len(classes)} "
            "classes with SDHSI-Net in HSI Viewer 1.2.3. The classifier was trained on "
            f"{counts}, . "
        )
    elsewhere = made_facts(trained_elsewhere=True)
    assert (
        "in HSI Viewer 1.2.3. Only a region of interest was used (34 % of the scene). Its model "
        "was trained elsewhere, on labels that are not part of this report. The map combines"
    ) in methods(elsewhere)


def test_the_classifier_is_cited_where_it_is_somebodys():
    for name, author in (("lda", "Ledoit"), ("svm", "Cortes"), ("hybridsn-sd", "Roy")):
        assert author in authors(made_facts(settings={"classifier": name}))
    own = authors(made_facts())
    assert own == ["The", "Grady", "Roberts", "Cohen", "Guo", "Meyer", "Sadinle", "Olofsson"]
    assert described(made_facts())["references"][0] == (
        "The HSI Viewer developers: HSI Viewer, version 1.2.3."
    )
    elsewhere = made_facts(settings={"classifier": "lda"}, trained_elsewhere=True)
    assert "Ledoit" not in authors(elsewhere)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (
            Evidence(VOICES, "weak", 5, held_out(4)),
            "The map combines several classifiers, weighted by cross-validation over 4 spatial "
            "folds: a linear discriminant of all bands (0.70), a spectral-spatial network trained "
            "by self-distillation (0.30).",
        ),
        (
            Evidence(VOICES, "weak", 5),
            "The map combines several classifiers, with weights that were not cross-validated, "
            "because too few places are labelled: a linear discriminant of all bands (0.70), a "
            "spectral-spatial network trained by self-distillation (0.30).",
        ),
        (
            Evidence((VoiceShare("mine", "My Voice", 0.4, 0.0), VOICES[0]), "none", 5),
            "The map combines several classifiers, with weights that were not cross-validated, "
            "because too few places are labelled: my voice (0.40), a linear discriminant of all "
            "bands (0.70).",
        ),
        (Evidence(VOICES[:1], "none", 5), "The map is that of a linear discriminant of all bands."),
    ],
)
def test_the_voices(evidence, said):
    assert f"preset fast, seed 3. {said} Probabilities" in methods(made_facts(evidence=evidence))


def test_of_a_voice_that_nobody_knows_nothing_is_said():
    for voices in ((), (VoiceShare("mine", "My Voice", 1.0, 0.0),), VOICES[2:]):
        text = methods(made_facts(evidence=Evidence(voices, "none", 5)))
        assert "seed 3. Probabilities were refined along the image by a random walker" in text


def test_refinement_and_steps():
    plain = made_facts(map_source="SDHSI-Net")
    assert "Grady" in methods(made_facts())
    assert "Grady" not in methods(plain)
    assert "Grady" not in authors(plain)
    bare = replace(plain, uncertainty=replace_uncertainty(plain, applicable=None))
    assert "Meyer" not in authors(bare)
    steps = (Cleaning(merge={5: 2}), DoubtRule(0.4), DoubtRule(applicable=True))
    text = methods(replace(bare, steps=steps))
    assert (
        "Afterwards the map was cleaned: Oats merged into Corn. Afterwards the map was changed: "
        "pixels left unclassified: confidence below 40 %. Afterwards the map was changed: pixels "
        "left unclassified: outside the area of applicability. The map reached"
    ) in text
    assert "Meyer" in authors(replace(bare, steps=steps))
    assert "Meyer" not in authors(replace(bare, steps=steps[:2]))


def replace_uncertainty(facts, **changes):
    import dataclasses

    return dataclasses.replace(facts.uncertainty, **changes)


def test_the_honest_figure_and_the_one_beside_it():
    distance = (
        "Test pixels lie at least 9 pixels from the nearest training pixel (median 12.5), beyond "
        "the 5 pixels that the model looks."
    )
    end = "Beside training pixels gave"
    assert (
        f"The map reached {figures(SEPARATED)}, {ONE} of their class (Roberts et al. 2017). "
        f"{SEPARATED.basis} {distance} Test pixels beside training pixels gave an overall accuracy "
        "of 90.0 %, which is optimistic for other places. The expected"
    ) in methods(made_facts())
    on_test = assessed(separated_on="test pixels", random_on="test pixels", separation=None)
    assert (
        f"a scene that was not trained on. {SEPARATED.basis} All test pixels gave an overall "
        "accuracy of 90.0 %, which is optimistic for other places. The"
    ) in methods(on_test)
    assert "Roberts" not in methods(on_test)
    assert "Roberts" not in authors(on_test)
    none = assessed(separated=None, random=None)
    assert "The accuracy of the map on places without labels was not measured. The exp" in methods(
        none
    )
    assert end not in methods(none)
    assert "Cohen" not in authors(none)
    same = assessed(random=SEPARATED)
    assert "pixels gave an overall accuracy of 83.3 %. The expected" in methods(same)


def test_what_is_said_of_doubt():
    text = methods(made_facts())
    # 2 bins: 0.5 to 1 holds four answers of confidence 0.8, half of which are right
    assert (
        "The expected calibration error of the confidence is 30.0 points (Guo et al. 2017). 12.5 % "
        "of the map lies outside of the area of applicability (Meyer and Pebesma 2021). Conformal "
        "sets of 90 % coverage hold 1.23 classes on average (Sadinle et al. 2019). Areas are counts"
    ) in text
    facts = assessed(reliability=None)
    bare = replace_uncertainty(facts, applicable=Applicable(0.4, NAN), conformal=None)
    without = replace(facts, uncertainty=bare)
    assert "which is optimistic for other places. Areas are counts of map pixels" in methods(
        without
    )
    assert not {"Guo", "Meyer", "Sadinle"} & set(authors(without))
    full = replace_uncertainty(facts, applicable=None, conformal=Conformal(0.95, 0.1, 2, 0.1))
    assert "other places. Conformal sets of 95 % coverage hold 2.00 classes" in methods(
        replace(facts, uncertainty=full)
    )

"""The features of the window; to add one, write it and name it here.

Those of packages outside come after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.features.after_map.applying import ApplyFeature
from hsi_viewer.ui.features.after_map.cleaning import CleanFeature
from hsi_viewer.ui.features.after_map.vectors import MapFeature
from hsi_viewer.ui.features.application.arranging import ArrangingFeature
from hsi_viewer.ui.features.application.feature import ApplicationFeature
from hsi_viewer.ui.features.application.help import HelpFeature
from hsi_viewer.ui.features.application.messages import MessagesFeature
from hsi_viewer.ui.features.application.preferences import PreferencesFeature
from hsi_viewer.ui.features.application.tour import TourFeature
from hsi_viewer.ui.features.display.derived_images import DerivedFeature
from hsi_viewer.ui.features.display.feature import DisplayFeature
from hsi_viewer.ui.features.display.image_menu import ImageMenuFeature
from hsi_viewer.ui.features.display.layers import LayersFeature
from hsi_viewer.ui.features.display.linked_views import LinkedViewsFeature
from hsi_viewer.ui.features.display.map_legend import LegendFeature
from hsi_viewer.ui.features.display.map_overlay import MapMarksFeature
from hsi_viewer.ui.features.display.overviews import OverviewsFeature
from hsi_viewer.ui.features.display.picture import PictureFeature
from hsi_viewer.ui.features.exporting.feature import ExportingFeature
from hsi_viewer.ui.features.exporting.figures import FigureFeature
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.guidance.guide import GuideFeature
from hsi_viewer.ui.features.guidance.label_checking import CheckFeature
from hsi_viewer.ui.features.labelling.classes import ClassFeature
from hsi_viewer.ui.features.labelling.feature import LabellingFeature
from hsi_viewer.ui.features.labelling.label_check import LabelCheckFeature
from hsi_viewer.ui.features.labelling.region_of_interest import RegionOfInterestFeature
from hsi_viewer.ui.features.labelling.regions import RegionFeature
from hsi_viewer.ui.features.labelling.selection import SelectionFeature
from hsi_viewer.ui.features.many_scenes.feature import ManyScenesFeature
from hsi_viewer.ui.features.opening.feature import OpeningFeature
from hsi_viewer.ui.features.opening.fill_values import FillFeature
from hsi_viewer.ui.features.opening.start import StartFeature
from hsi_viewer.ui.features.plug_in_feature import plug_in_features
from hsi_viewer.ui.features.reference.feature import ReferenceFeature
from hsi_viewer.ui.features.scenes.feature import ScenesFeature
from hsi_viewer.ui.features.sessions.feature import SessionsFeature
from hsi_viewer.ui.features.sessions.history import HistoryFeature
from hsi_viewer.ui.features.sessions.notes import NotesFeature
from hsi_viewer.ui.features.sessions.recovery import RecoveryFeature
from hsi_viewer.ui.features.spectra.angle_map import AngleFeature
from hsi_viewer.ui.features.spectra.libraries import LibraryFeature
from hsi_viewer.ui.features.spectra.scatter import ScatterFeature
from hsi_viewer.ui.features.spectra.spectra import SpectraFeature
from hsi_viewer.ui.features.training.feature import TrainingFeature
from hsi_viewer.ui.features.training.result import ResultFeature
from hsi_viewer.ui.features.training.runs import RunsFeature
from hsi_viewer.ui.features.training.uncertainty import UncertaintyFeature
from hsi_viewer.ui.features.training.why import WhyFeature

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


def make_features(context: Context) -> list[Feature]:
    """Every feature; each may use what those before it put into the context."""
    opening = OpeningFeature(context)
    display = DisplayFeature(context)
    exporting = ExportingFeature(context)
    spectra = SpectraFeature(context)
    labelling = LabellingFeature(context)
    training = TrainingFeature(context)
    sessions = SessionsFeature(context)
    view, labels = display.view, labelling.labelling
    built_in: list[Feature] = [
        opening,
        display,
        spectra,
        labelling,
        training,
        exporting,
        sessions,
        RecoveryFeature(context),
        HistoryFeature(context, sessions.stepping),
        RegionFeature(context, labels, labelling.panel),
        ClassFeature(context, labels, labelling.panel),
        LabelCheckFeature(context),
        RunsFeature(context, training.training, training.assessing),
        ResultFeature(context, training.training),
        UncertaintyFeature(context),
        WhyFeature(context),
        GuideFeature(context, labels, labelling.panel, training.training),
        ReferenceFeature(context, training.accuracy),
        ApplyFeature(context),
        CheckFeature(context, training.training, training.panel),
        RegionOfInterestFeature(context, labels, training.panel),
        CleanFeature(context),
        MapFeature(context),
        ScenesFeature(context),
        ManyScenesFeature(context),
        NotesFeature(context),
        HelpFeature(context),
        PreferencesFeature(context),
        MessagesFeature(context),
        TourFeature(context),
        ArrangingFeature(context),
        PictureFeature(context, view, display.panel),
        DerivedFeature(context, view.pictures, display.panel),
        LibraryFeature(context),
        AngleFeature(context),
        ScatterFeature(context),
        SelectionFeature(context, labels),
        OverviewsFeature(context),
        LayersFeature(context),
        LinkedViewsFeature(context, view.tiles),
        MapMarksFeature(context),
        LegendFeature(context),
        ImageMenuFeature(context),
        FigureFeature(context),
        FillFeature(context, opening.metadata),
        StartFeature(context),
        ApplicationFeature(context),
    ]
    return [*built_in, *plug_in_features(context, built_in)]

"""The features of the window, in the order of their commands."""

from __future__ import annotations

from hsi_viewer.ui.features.application.help import HelpFeature
from hsi_viewer.ui.features.application.messages import MessagesFeature
from hsi_viewer.ui.features.application.preferences import PreferencesFeature
from hsi_viewer.ui.features.application.tour import TourFeature
from hsi_viewer.ui.features.display.derived_images import DerivedFeature
from hsi_viewer.ui.features.display.layers import LayersFeature
from hsi_viewer.ui.features.display.linked_views import LinkedViewsFeature
from hsi_viewer.ui.features.display.map_overlay import MapPlaceFeature
from hsi_viewer.ui.features.display.overviews import OverviewsFeature
from hsi_viewer.ui.features.display.picture import PictureFeature
from hsi_viewer.ui.features.exporting.figures import FigureFeature
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.labelling.classes import ClassFeature
from hsi_viewer.ui.features.labelling.label_check import LabelCheckFeature
from hsi_viewer.ui.features.labelling.regions import RegionFeature
from hsi_viewer.ui.features.labelling.selection import SelectionFeature
from hsi_viewer.ui.features.opening.fill_values import FillFeature
from hsi_viewer.ui.features.sessions.history import HistoryFeature
from hsi_viewer.ui.features.sessions.notes import NotesFeature
from hsi_viewer.ui.features.sessions.recovery import RecoveryFeature
from hsi_viewer.ui.features.spectra.angle_map import AngleFeature
from hsi_viewer.ui.features.spectra.libraries import LibraryFeature
from hsi_viewer.ui.features.spectra.scatter import ScatterFeature
from hsi_viewer.ui.features.spectra.spectra import SpectraFeature
from hsi_viewer.ui.features.training.runs import RunsFeature

FEATURES: tuple[type[Feature], ...] = (
    RecoveryFeature,
    HistoryFeature,
    RegionFeature,
    ClassFeature,
    LabelCheckFeature,
    RunsFeature,
    NotesFeature,
    HelpFeature,
    PreferencesFeature,
    MessagesFeature,
    TourFeature,
    PictureFeature,
    DerivedFeature,
    SpectraFeature,
    LibraryFeature,
    AngleFeature,
    ScatterFeature,
    SelectionFeature,
    OverviewsFeature,
    LayersFeature,
    LinkedViewsFeature,
    MapPlaceFeature,
    FigureFeature,
    FillFeature,
)

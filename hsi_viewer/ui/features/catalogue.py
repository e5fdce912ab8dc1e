"""The features of the window, in the order of their commands."""

from __future__ import annotations

from hsi_viewer.ui.features.angle_map import AngleFeature
from hsi_viewer.ui.features.classes import ClassFeature
from hsi_viewer.ui.features.derived import DerivedFeature
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.figures import FigureFeature
from hsi_viewer.ui.features.fill_values import FillFeature
from hsi_viewer.ui.features.help import HelpFeature
from hsi_viewer.ui.features.history import HistoryFeature
from hsi_viewer.ui.features.label_check import LabelCheckFeature
from hsi_viewer.ui.features.layers import LayersFeature
from hsi_viewer.ui.features.libraries import LibraryFeature
from hsi_viewer.ui.features.linked_views import LinkedViewsFeature
from hsi_viewer.ui.features.map_place import MapPlaceFeature
from hsi_viewer.ui.features.messages import MessagesFeature
from hsi_viewer.ui.features.notes import NotesFeature
from hsi_viewer.ui.features.overviews import OverviewsFeature
from hsi_viewer.ui.features.picture import PictureFeature
from hsi_viewer.ui.features.preferences import PreferencesFeature
from hsi_viewer.ui.features.recovery import RecoveryFeature
from hsi_viewer.ui.features.regions import RegionFeature
from hsi_viewer.ui.features.runs import RunsFeature
from hsi_viewer.ui.features.scatter import ScatterFeature
from hsi_viewer.ui.features.selection import SelectionFeature
from hsi_viewer.ui.features.spectra import SpectraFeature
from hsi_viewer.ui.features.tour import TourFeature

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

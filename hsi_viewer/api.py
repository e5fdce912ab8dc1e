"""The Python interface: what `import hsi_viewer` offers beside the types themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.inputs import (
    CubeLike,
    LabelsLike,
    MaskLike,
    RegionLike,
    as_cube,
    as_labels,
    region_of,
)
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.labels.classes import ClassLegend, legend_for
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.labels.unlabelled import without_unlabelled
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.io.labels.class_map import FORMATS
from hsi_viewer.io.labels.class_map import export_prediction as export
from hsi_viewer.io.labels.label_file import legend_of
from hsi_viewer.io.labels.label_file import read_labels as read
from hsi_viewer.io.regions.import_export import import_regions
from hsi_viewer.learning.classifiers import classifier as row_of
from hsi_viewer.learning.classifiers import fit as train
from hsi_viewer.learning.classifiers import load_model as load
from hsi_viewer.learning.classifiers.registry import DEFAULT

if TYPE_CHECKING:
    from hsi_viewer.core.explanation import Explanation
    from hsi_viewer.core.labels.classes import LabelClass


def fit(
    cube: CubeLike,
    labels: LabelsLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    classifier: str = DEFAULT,
    region: RegionLike | None = None,
    mask: MaskLike | None = None,
    bands: str | Sequence[int] | None = None,
    legend: Iterable[LabelClass] = (),
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
    **options: Any,
) -> Model:
    """Train a classifier on labelled pixels of a cube.

    Parameters
    ----------
    cube : a cube, an array (rows, columns, bands), an xarray.DataArray, or a path.
    labels : (rows, columns) class ids, where 0, negative, NaN and masked pixels are unlabelled;
        or what `read_labels` gave; or a path of a label image, regions, shapes or a table.
    config : preset, distillation, seed, device.
    classifier : "sdhsi", "lda", "svm", "hybridsn-sd", or the name of an installed one; see
        `classifiers`.
    region, mask, bands : what is trained on: inside of the region, outside of the mask, on the
        chosen bands; see `region_of_interest`. Labels elsewhere aren't used, and a note says how
        many there are. Map the same part by `predict(cube, region=region)`; the bands are kept in
        the model.
    legend : names and colours of the classes; of the others the names are those of the labels'
        file, of the scene's own ground truth, or "Class n".
    token : `token.cancel()`, from another thread, ends the training.
    port : its method `report` is called with `Progress`, an `EpochReport` each epoch, early
        `Prediction` objects and `Note`; see `CallbackPort`. Without one, notes are warnings.
    options : what a classifier takes besides. SDHSI-Net: `warm_start`, a model of this session
        and of this very cube object, to continue from after labels changed; another isn't used.

    Returns
    -------
    Model
        with `predict`, `save`, `class_ids`, `legend`, `seconds`, `warning`.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read, or an array cannot be a cube.
    LabelError
        if labels or the region do not fit the cube, or labels name fewer than two classes inside.
    SettingError
        if there is no classifier of that name, or the scene lacks the bands.
    TrainingError
        if the cube cannot be learned from, or the device isn't available.
    TaskCancelledError
        if the token was cancelled.
    """
    row_of(classifier)  # refuses a wrong name before files are read
    scene = as_cube(cube)
    if region is not None or mask is not None or bands is not None:
        scene = region_of(scene, region, mask, bands).of(scene)
    known = as_labels(labels, scene)
    classes = tuple(legend)
    if isinstance(known, (LabelFile, ImportedLabels)):
        named = legend_of(known, {*known.names, *known.colours}, scene.class_names)
        classes = (*classes, *(c for c in named if c.id not in {given.id for given in classes}))
    return train(
        scene,
        known,
        config,
        classifier=classifier,
        legend=classes,
        token=token,
        port=port,
        **options,
    )


def explain(
    model: Model,
    cube: CubeLike,
    row: int,
    column: int,
    class_id: int | None = None,
    *,
    labels: LabelsLike | None = None,
    token: CancelToken | None = None,
) -> Explanation:
    """Why a model gives a pixel its class, before the map is refined along the image.

    Parameters
    ----------
    model : of any classifier, trained or loaded.
    cube : a cube, an array (rows, columns, bands), an xarray.DataArray, or a path.
    row, column : the pixel, from 0.
    class_id : the class to explain; the most likely one by default.
    labels : that it was trained on; without them no training pixels are compared.
    token : `token.cancel()`, from another thread, ends it.

    Returns
    -------
    Explanation
        `groups` of bands with their effect, `voices`, `nearest` training pixels, `class_means`.

    Raises
    ------
    LabelError
        if the pixel is outside of the scene or has no data, or the class isn't the model's.
    ModelError
        if the cube's bands or wavelengths cannot be matched with the model's.
    """
    from hsi_viewer.learning.explaining import Explainer

    scene = as_cube(cube)
    known = None
    if labels is not None:
        known = checked_ids(as_labels(labels, scene), (scene.rows, scene.columns))
    return Explainer(model, scene, known, token=token).explain(row, column, class_id, token)


def region_of_interest(
    cube: CubeLike,
    region: RegionLike | None = None,
    *,
    mask: MaskLike | None = None,
    bands: str | Sequence[int] | None = None,
) -> RegionOfInterest:
    """The region of interest of a scene, for `fit(region=...)` and `predict(region=...)`.

    Parameters
    ----------
    cube : the scene.
    region : what lies inside: a (rows, columns) mask, nonzero inside, or a path of
        polygons or of such a mask. Polygons are laid on the scene by place where it has one.
    mask : what is left out, such as clouds: a mask, nonzero outside, or a path.
    bands : ranges, as "400-900, 1000-1300": wavelengths in nm where the scene has wavelengths,
        else numbers of bands from 1; "0.4-0.9 um" and "bands 1-50" say which. Or indices from 0.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read.
    LabelError
        if a mask has another size than the scene, or nothing of it lies on the scene.
    SettingError
        if the bands cannot be read, or the scene lacks them.
    """
    return region_of(as_cube(cube), region, mask, bands)


def load_model(target: str | os.PathLike[str]) -> Model:
    """Read a model that `save` wrote.

    Parameters
    ----------
    target : the folder, or either of the two files.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it isn't a model, is damaged, or its classifier isn't installed.
    """
    return load(Path(target))


@overload
def read_labels(source: str | os.PathLike[str]) -> LabelFile: ...
@overload
def read_labels(
    source: str | os.PathLike[str], cube: CubeLike, *, placement: Placement | None = None
) -> ImportedLabels: ...
def read_labels(
    source: str | os.PathLike[str],
    cube: CubeLike | None = None,
    *,
    placement: Placement | None = None,
) -> LabelFile | ImportedLabels:
    """Read labels from a file.

    Parameters
    ----------
    source : a label image (.npy, .npz, .mat, ENVI, GeoTIFF, PNG), "file.mat:variable" and the
        like, or "sample:indian-pines/labels". With a cube also shapes (.shp, .gpkg, .geojson),
        regions of ENVI, a table of pixels (.csv) or an ilastik project.
    cube : the scene that they are laid on; its size and georeference are the grid.
    placement : "georeference", "resample" or "crop", for labels of another size.

    Returns
    -------
    LabelFile or ImportedLabels
        `ids` (rows, columns) uint16 with 0 unlabelled; `names` and `colours` by class id, as far
        as the file gives them. `fit` takes it as it is, and `numpy.asarray` gives the ids.

    Raises
    ------
    FileError, FormatError
        if the file is missing, damaged or of another kind.
    PlacementNeededError
        if the labels are of another size than the cube; say `placement`.
    LabelError
        if values cannot be class ids, or nothing lies on the cube.
    """
    path = source if isinstance(source, str) else Path(source)
    if cube is None:
        return without_unlabelled(read(path))

    return import_regions(path, as_cube(cube), placement)


def export_prediction(
    prediction: Prediction,
    legend: Iterable[LabelClass] | Mapping[int, str],
    cube: CubeLike,
    directory: str | os.PathLike[str],
    stem: str = "class_map",
    formats: Sequence[str] = FORMATS,
    token: CancelToken | None = None,
) -> dict[str, Path]:
    """Write a class map and its confidence, each file whole or not at all.

    Parameters
    ----------
    prediction : what `predict` gave.
    legend : `model.legend`, or names by class id.
    cube : the scene, whose georeference is written, if it has one.
    directory : made if it isn't there.
    stem : of the file names.
    formats : of "envi", "confidence", "npy", "png", "tif", "mat" and "probabilities".
    token : asked before each file.

    Returns
    -------
    dict
        paths by file name.

    Raises
    ------
    ExportError
        if the folder cannot be written, or a format is not known; old files are unchanged.
    LabelError
        if the map has another size than the cube.
    """
    if isinstance(legend, Mapping):
        legend = legend_for(legend, legend)
    wanted = (formats,) if isinstance(formats, str) else tuple(formats)
    scene = as_cube(cube)
    if prediction.class_map.shape != (scene.rows, scene.columns):
        size = " x ".join(map(str, prediction.class_map.shape))
        raise LabelError(
            f"The class map is {size} pixels, {scene.name} is {scene.rows} x {scene.columns}; "
            "export it with the cube that was mapped."
        )
    return export(prediction, ClassLegend(legend), scene, Path(directory), stem, wanted, token)

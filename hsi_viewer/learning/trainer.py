"""fit: from a cube and a few labelled pixels to a trained model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional

from hsi_viewer.core.classes import LandClass, legend_for
from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.errors import LabelError, TrainingError
from hsi_viewer.core.labels import checked_ids
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import EpochReport, TrainingConfig
from hsi_viewer.learning.distillation import BETWEEN_EXITS
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.instant import fit_instant
from hsi_viewer.learning.model import TrainedModel, prediction_of, seeds_of
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.predictor import dense
from hsi_viewer.learning.recipe import Recipe, recipe_for
from hsi_viewer.learning.refinement import walk
from hsi_viewer.learning.scene import SceneFeatures

STEPS_PER_EPOCH = 10


@dataclass(frozen=True)
class TrainingPixels:
    """Labelled pixels as the network sees them.

    Attributes
    ----------
    patches : (n, channels, side, side); targets : (n,) class indices.
    """

    patches: Tensor
    targets: Tensor

    @property
    def odds(self) -> Tensor:
        """Probability of drawing each pixel: the same for every class, (n,)."""
        counts = torch.bincount(self.targets).float()
        odds: Tensor = 1.0 / counts[self.targets]
        return odds / odds.sum()


def fit(
    cube: HyperCube,
    labels: ArrayLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    legend: Iterable[LandClass] = (),
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> TrainedModel:
    """Train the classifier on labelled pixels of a cube.

    Parameters
    ----------
    cube : the scene.
    labels : (rows, columns) class ids, 0 unlabelled.
    config : preset, distillation, seed, device.
    legend : names and colours of the classes; others become "Class n".
    token : checked at every step.
    port : takes `Progress`, an `EpochReport` each epoch, and early `Prediction` objects.

    Raises
    ------
    LabelError
        if labels do not fit the cube or name fewer than two classes.
    TrainingError
        if the cube cannot be learned from, or the loss is no number.
    TaskCancelledError
        if the token was cancelled.
    """
    token, port = token or CancelToken(), port or SilentPort()
    ids = checked_ids(labels, (cube.rows, cube.columns))
    class_ids = tuple(int(i) for i in np.unique(ids) if i)
    if len(class_ids) < 2:
        raise LabelError(
            f"Training needs labelled pixels of at least two classes, there are {len(class_ids)}."
            " Label some pixels of another class."
        )
    recipe = recipe_for(config)
    started = time.perf_counter()
    port.report(Progress("Computing features", 0.0))
    token.check()
    features = fit_features(cube, recipe.features, token)
    scene = SceneFeatures(cube, features, token)
    seconds = {"features": time.perf_counter() - started}

    run = _Run(scene, ids, class_ids, recipe, config, token, port)
    started = time.perf_counter()
    run.paint_instant()
    network = run.train()
    seconds["train"] = time.perf_counter() - started
    known = {c.id: c for c in legend}
    names = {i: c.name for i, c in known.items()} | dict(cube.class_names)
    model_legend = tuple(known.get(c.id, c) for c in legend_for(class_ids, names))
    return TrainedModel(
        network,
        features,
        recipe,
        class_ids,
        model_legend,
        config,
        cube.wavelengths,
        seconds,
        _versions(),
        hashlib.sha256(ids.tobytes()).hexdigest(),
        [scene],
    )


class _Run:
    """One training run and what it shows on the way."""

    def __init__(
        self,
        scene: SceneFeatures,
        ids: NDArray[np.uint16],
        class_ids: tuple[int, ...],
        recipe: Recipe,
        config: TrainingConfig,
        token: CancelToken,
        port: ProgressPort,
    ) -> None:
        self.scene, self.recipe, self.config = scene, recipe, config
        self.class_ids, self.token, self.port = class_ids, token, port
        self.seeds = seeds_of(ids, class_ids)
        self.device = choose_device(config.device)
        self.guide, self.valid = scene.guide(recipe.walker.guides, token)
        usable = np.flatnonzero((self.seeds.ravel() >= 0) & self.valid.ravel())
        self.targets = self.seeds.ravel()[usable]
        self.pixels = usable
        if np.unique(self.targets).size < len(class_ids):
            raise LabelError(
                "Some classes are labelled only where the cube has no data. "
                "Label pixels of them where the picture shows something."
            )
        self._bound_pixels()

    def _bound_pixels(self) -> None:
        limit = self.recipe.training.patches
        if self.pixels.size <= limit:
            return
        rng = np.random.default_rng(self.config.seed)
        share = max(limit // len(self.class_ids), 1)
        kept = [
            rng.permutation(np.flatnonzero(self.targets == k))[:share]
            for k in range(len(self.class_ids))
        ]
        chosen = np.sort(np.concatenate(kept))
        self.pixels, self.targets = self.pixels[chosen], self.targets[chosen]

    def paint(self, probabilities: NDArray[np.float32], source: str) -> None:
        """Show an early map."""
        if self.config.refine:
            probabilities = walk(
                probabilities, self.guide, self.valid, self.seeds, self.recipe.walker, self.token
            )
            source += ", refined"
        self.port.report(
            prediction_of(probabilities, self.valid, self.class_ids, source, final=False)
        )

    def paint_instant(self) -> None:
        """Fit the instant model and show its map."""
        pixels = self.scene.patches(self.pixels, 0, self.token)[:, :, 0, 0]
        model = fit_instant(pixels, self.targets, len(self.class_ids))
        probabilities, _ = model.probabilities(self.scene, self.token)
        self.paint(probabilities, "instant model")

    def train(self) -> SdhsiNet:
        """Train the network; the best that is known when the loss is no number ends the run."""
        recipe, token = self.recipe.training, self.token
        network = SdhsiNet(
            self.scene.features.channels,
            len(self.class_ids),
            self.recipe.network,
            self.config.seed,
        ).to(self.device)
        patches = self.scene.patches(self.pixels, network.radius, token)
        data = TrainingPixels(torch.from_numpy(patches), torch.from_numpy(self.targets))
        generator = torch.Generator().manual_seed(self.config.seed)
        optimiser = torch.optim.AdamW(
            network.parameters(), recipe.rate, weight_decay=recipe.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, recipe.rate, total_steps=recipe.steps
        )
        network.train()
        losses: list[float] = []
        right = np.zeros(network.exits)
        seen = 0
        epochs = -(-recipe.steps // STEPS_PER_EPOCH)
        for step in range(recipe.steps):
            token.check()
            x, y = self._batch(data, generator)
            logits = [z[:, :, 0, 0] for z in network(x)]
            loss = sum(
                functional.cross_entropy(z, y, label_smoothing=recipe.smoothing) for z in logits
            ) + BETWEEN_EXITS[self.recipe.distillation](logits)
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"The loss became no number at step {step + 1}. Look for extreme values in "
                    "the cube, or mark the bands that hold them as bad."
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            right += [float((z.argmax(dim=1) == y).sum()) for z in logits]
            seen += len(y)
            if (step + 1) % STEPS_PER_EPOCH == 0 or step + 1 == recipe.steps:
                epoch = -(-(step + 1) // STEPS_PER_EPOCH)
                accuracy = tuple(float(a) for a in right / seen)
                self.port.report(EpochReport(epoch, epochs, float(np.mean(losses)), accuracy))
                self.port.report(Progress("Training the network", (step + 1) / recipe.steps))
                losses, right, seen = [], np.zeros(network.exits), 0
            if step + 1 == recipe.steps // 3:
                early = dense(network, self.scene, depth=1, token=token)
                self.paint(early.probabilities, "SDHSI-Net, shallow exit")
        return network.eval()

    def _batch(self, data: TrainingPixels, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Patches drawn evenly over the classes, turned, mirrored, with noise."""
        recipe = self.recipe.training
        chosen = torch.multinomial(data.odds, recipe.batch, replacement=True, generator=generator)
        x = data.patches[chosen]
        flips = torch.randint(0, 2, (3,), generator=generator).tolist()
        if flips[0]:
            x = x.flip(2)
        if flips[1]:
            x = x.flip(3)
        if flips[2]:
            x = x.transpose(2, 3)
        x = x + recipe.noise * torch.randn(x.shape, generator=generator)
        return x.to(self.device), data.targets[chosen].to(self.device)


def choose_device(wanted: str) -> torch.device:
    """The device of a user's choice.

    Raises
    ------
    TrainingError
        if it is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if wanted == "auto":
        wanted = next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(wanted, False):
        raise TrainingError(f"This machine has no device {wanted!r}; choose 'auto' or 'cpu'.")
    return torch.device(wanted)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    import scipy

    return {
        "hsi_viewer": version("hsi-viewer"),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }

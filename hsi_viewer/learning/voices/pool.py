"""Pool: how the voices are joined into one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

from hsi_viewer.learning.voices.voice import KINDS, VoiceName

Strength = Literal["none", "weak", "full"]

HEARD = 0.04  # weight below which a voice isn't worth its time
WEAK, FULL = 0.3, 0.5  # weight of the surroundings from which the walker helps
VOTE = 0.25  # temperature of what the walker averages: votes, not doubts
NETWORK_HEARD = 0.02  # the same for the network, whose part of the surroundings is small
LARGEST = 1e6  # scale or temperature of a pool that a file may hold


@dataclass(frozen=True)
class Share:
    """The part of one voice.

    Attributes
    ----------
    weight : 0..1; those of all voices sum to 1.
    scale : factor that makes logits of its scores.
    score : mean log-likelihood of held-out labels; None where there were none.
    """

    weight: float
    scale: float
    score: float | None = None


@dataclass(frozen=True)
class Pool:
    """How the voices are joined, and what becomes of their map.

    Attributes
    ----------
    shares : by the names of the voices.
    walker : strength of the refinement; as strong as the surroundings speak loudly.
    temperature : of the joined logits.
    offset, slope : that make the confidence of its map reliable; see `calibration.reliable`.
    unrefined : the same of its map before the walker; None in files of earlier versions.
    """

    shares: dict[VoiceName, Share]
    walker: Strength
    temperature: float = 1.0
    offset: float = 0.0
    slope: float = 1.0
    unrefined: tuple[float, float] | None = None

    def reliability(self, strength: Strength) -> tuple[float, float]:
        """Offset and slope for a map that is refined so, which need not be the pool's own way."""
        if self.unrefined is None or (strength == "none") == (self.walker == "none"):
            return self.offset, self.slope
        return self.unrefined if strength == "none" else (0.0, 1.0)

    @property
    def heard(self) -> tuple[VoiceName, ...]:
        """Names of the voices that speak, in the order of the table."""
        return tuple(kind.name for kind in KINDS if self.factor(kind.name) > 0)

    @property
    def is_sound(self) -> bool:
        """Whether the numbers can be those of a pool."""
        weights = [s.weight for s in self.shares.values()]
        scales = [s.scale for s in self.shares.values()]  # tiny for a voice that knows nothing
        offset, slope = self.unrefined or (0.0, 1.0)
        factors = [self.temperature, self.slope, slope]
        return (
            all(0 <= w <= 1 for w in weights)
            and abs(sum(weights) - 1) < 1e-3
            and max(abs(self.offset), abs(offset)) <= LARGEST
            and all(isfinite(s) and 0 <= s <= LARGEST for s in scales)
            and all(isfinite(f) and 1 / LARGEST <= f <= LARGEST for f in factors)
        )

    def network_share(self, part: float) -> float:
        """Weight of the network, which has a part of that of the surroundings; 0 if not heard."""
        around = self.shares.get("surroundings")
        share = 0.0 if around is None else part * around.weight
        return share if share >= NETWORK_HEARD else 0.0

    def factor(self, name: VoiceName) -> float:
        """What the scores of a voice are multiplied by."""
        share = self.shares.get(name)
        return 0.0 if share is None else share.weight * share.scale / self.temperature

    def in_units(self, units: Mapping[VoiceName, float]) -> Pool:
        """The same pool for voices whose scores are so many times as large."""
        shares = {
            n: replace(s, scale=s.scale / units[n]) for n, s in self.shares.items() if n in units
        }
        return replace(self, shares=shares)


def pool_of(shares: dict[VoiceName, Share]) -> Pool:
    """A pool without the voices that would hardly be heard, and the walker that suits the rest."""
    weights = {n: s.weight if s.weight >= HEARD else 0.0 for n, s in shares.items()}
    total = sum(weights.values())
    kept = {n: Share(weights[n] / total, s.scale, s.score) for n, s in shares.items()}
    around = sum(kept[k.name].weight for k in KINDS if k.windows and k.name in kept)
    strength: Strength = "full" if around >= FULL else "weak" if around >= WEAK else "none"
    return Pool(kept, strength)

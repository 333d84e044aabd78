"""Which columns of a model's activations are so large that int8 must not count them.

In these encoders a few columns of what a layer normalisation gives are ten to thirty times as large as the
rest, whatever the text; a row's scale has to reach them, and the rest is left with few steps.  They are the
same columns for every text, so a sample of random tokens finds them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.engine.kernels import PlainLinear
from zeroshot.engine.packed import Outliers, PackedModel

if TYPE_CHECKING:
    from torch import Tensor

    from zeroshot.engine.tokens import PairLayout
    from zeroshot.engine.weights import Weights

COLUMNS = 4
"""Kept apart of each input: more of them gained nothing."""

SAMPLE_PAIRS, SAMPLE_TOKENS = 4, 24


class _Watched(PlainLinear):
    """Remembers the largest value of each column of its inputs."""

    peaks: Tensor

    def plain(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        self.peaks = x.abs().amax(0)
        return super().plain(x)


def find_outliers(weights: Weights, layout: PairLayout) -> list[Outliers]:
    """For each layer of the lower half: what is lost there grows on the way up, what is lost above does not
    matter.
    """
    watched: list[_Watched] = []

    def watch(*args: object, **options: object) -> _Watched:
        watched.append(_Watched(*args, **options))  # type: ignore[arg-type]
        return watched[-1]

    half = len(weights.layers) // 2
    model = PackedModel(
        replace(weights, layers=weights.layers[: half + 1]), layout, precision="float32", kind=watch
    )
    rng = np.random.default_rng(0)
    tokens = rng.integers(len(weights.words), size=(SAMPLE_PAIRS, 2, SAMPLE_TOKENS // 2), dtype=np.int32)
    model([(premise, hypothesis) for premise, hypothesis in tokens])
    # In the order in which `PackedModel` makes them: four of each layer.
    largest = [linear.peaks.topk(min(COLUMNS, len(linear.peaks))).indices for linear in watched[: 4 * half]]
    return [Outliers(project, up) for project, up in zip(largest[0::4], largest[2::4], strict=True)]

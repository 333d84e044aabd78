"""The packed forward: pairs laid end to end, no padding computed, on the weights of a stock model.

One code for CPU and GPU; what differs is the kind of linear layer (`kernels`) and of attention (`attention`).

Against transformers' forward this saves the padding, two of the three products that make queries, keys and
values, everything but the first token's row in the last layer, and, through `kernels`, the passes over memory
for activations and residuals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from zeroshot.engine import kernels
from zeroshot.engine.attention import best_attention
from zeroshot.engine.tokens import ROWS, pack
from zeroshot.engine.weights import Norm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from zeroshot.engine.tokens import Packed, Pair, PairLayout
    from zeroshot.engine.weights import Affine, Layer, Weights


class Outliers(NamedTuple):
    """Columns of the inputs of one layer's `project` and `up` that are kept apart, `int64 [few]`."""

    project: Tensor | None
    up: Tensor | None


class PackedModel:
    """The encoder and its head.

    Args:
        weights: of the stock model, on CPU in float32.
        layout: where the special tokens go.
        device: as torch names it.
        precision: of the matrix products: `float32`, `bfloat16` or `int8`.
        kind: of linear layer; the fastest that works by default.
        outliers: of the inputs of the lowest layers: `zeroshot.engine.outliers`.
    """

    def __init__(
        self,
        weights: Weights,
        layout: PairLayout,
        *,
        precision: str,
        device: str = "cpu",
        kind: kernels.MakeLinear | None = None,
        outliers: Sequence[Outliers] = (),
    ) -> None:
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        make = kind or (kernels.pick(precision) if device == "cpu" else kernels.PlainLinear)
        if make is None:
            raise ValueError(f"This processor cannot compute in {precision}.")

        def norm(norm: Norm) -> Norm:
            return Norm(norm.weight.to(device, dtype), norm.bias.to(device, dtype), norm.eps)

        def linear(
            *parts: Affine, after_gelu: bool = False, outliers: Tensor | None = None
        ) -> kernels.Linear:
            weight = torch.cat([part.weight for part in parts]).to(device, dtype)
            bias = torch.cat([part.bias for part in parts]).to(device, dtype)
            return make(weight, bias, weights.approximate, after_gelu=after_gelu, outliers=outliers)

        self._layout, self._heads, self._dtype = layout, weights.heads, dtype
        self._pad, self._first_position = weights.pad, weights.first_position
        self._device = device
        self._words = weights.words.to(device)
        self._positions, self._types = weights.positions.to(device), weights.types.to(device)
        self._norm = weights.norm.to(device)
        *lower, last = weights.layers
        self._layers = []
        for number, layer in enumerate(lower):
            large = outliers[number] if number < len(outliers) else Outliers(None, None)
            project = linear(layer.query, layer.key, layer.value, outliers=large.project)
            self._layers.append(_Layer(layer, project, linear, norm, large.up))
        self._last = _Layer(last, linear(last.key, last.value), linear, norm)
        self._last_query = linear(last.query)
        self._dense, self._classes = weights.dense.to(device), weights.classes.to(device)
        self._attention = best_attention(device, dtype, weights.positions.shape[1] // weights.heads)

    def __call__(self, pairs: list[Pair]) -> NDArray[np.float32]:
        """Logits `float32 [pairs, classes]`, in the order given."""
        packed = pack(self._layout, pairs)
        with torch.inference_mode():
            logits = self._forward(packed).cpu()
        answer = np.empty(logits.shape, np.float32)
        answer[packed.order] = logits.numpy()
        return answer

    def _forward(self, packed: Packed) -> Tensor:
        x = self._embed(packed)
        attention = self._attention(packed, self._heads, self._device)
        for layer in self._layers:
            x = layer.finish(attention.whole(layer.project.plain(x)), x)
        pairs = len(packed.first)
        rows = np.pad(packed.first, (0, -pairs % ROWS))  # few numbers of rows, as in `pack`
        first = x[self._tensor(rows)]
        context = attention.first(self._last_query.plain(first), self._last.project.plain(x))
        x = self._last.finish(context, first)[:pairs]
        x = torch.tanh(F.linear(x.float(), self._dense.weight, self._dense.bias))
        return F.linear(x, self._classes.weight, self._classes.bias)

    def _embed(self, packed: Packed) -> Tensor:
        x = self._words.rows(self._tensor(packed.ids))
        if len(self._types) == 1:
            x += self._types[0]
        else:
            x += F.embedding(self._tensor(packed.types), self._types)
        positions = packed.positions + self._first_position
        if self._pad is not None and bool((packed.ids == self._pad).any()):
            positions = skip_pads(packed, self._pad)
        x += F.embedding(self._tensor(positions), self._positions)
        return _normed(x, self._norm).to(self._dtype)

    def _tensor(self, array: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def skip_pads(packed: Packed, pad: int) -> NDArray[np.int64]:
    """RoBERTa's rule for positions where a text has a padding token typed into it: that token takes none."""
    counted = (packed.ids[: packed.tokens] != pad).astype(np.int64)
    upto = np.cumsum(counted)
    before = (upto - counted)[packed.first]  # tokens counted in the pairs laid before this one
    lengths = np.diff(packed.first, append=packed.tokens)
    positions = np.zeros_like(packed.positions)
    positions[: packed.tokens] = (upto - np.repeat(before, lengths)) * counted + pad
    return positions


class _Layer:
    """One encoder layer; `project` makes queries, keys and values at once, in the last layer keys and
    values.
    """

    def __init__(
        self,
        layer: Layer,
        project: kernels.Linear,
        linear: Callable[..., kernels.Linear],
        norm: Callable[[Norm], Norm],
        outliers: Tensor | None = None,
    ) -> None:
        self.project = project
        self._output = linear(layer.output)
        self._up = linear(layer.up, outliers=outliers)
        self._down = linear(layer.down, after_gelu=True)
        self._attention_norm = norm(layer.attention_norm)
        self._output_norm = norm(layer.output_norm)

    def finish(self, context: Tensor, x: Tensor) -> Tensor:
        """What follows attention: `context` and the layer's input `x`, both `[rows, width]`."""
        x = _normed(self._output.add(context, x), self._attention_norm)
        return _normed(self._down.add(self._up.gelu(x), x), self._output_norm)


def _normed(x: Tensor, norm: Norm) -> Tensor:
    return F.layer_norm(x, (x.shape[-1],), norm.weight, norm.bias, norm.eps)

"""The packed forward: pairs laid end to end, no padding computed, on the weights of a stock model.

Against transformers' forward this saves the padding, two of the three products that make queries, keys and
values, everything but the first token's row in the last layer, and, through `kernels`, the passes over memory
for activations and residuals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from zeroshot.engine import kernels
from zeroshot.engine.tokens import pack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from zeroshot.engine.tokens import Packed, Pair, PairLayout
    from zeroshot.engine.weights import Affine, Layer, Norm, Weights


class PackedModel:
    """The encoder and its head on CPU.

    Args:
        weights: of the stock model.
        layout: where the special tokens go.
        dtype: of the matrix products: float32 or bfloat16.
        kind: of linear layer; the fastest that works by default.
    """

    def __init__(
        self, weights: Weights, layout: PairLayout, *, dtype: torch.dtype, kind: kernels.Kind | None = None
    ) -> None:
        make = kind or kernels.pick(dtype)

        def linear(*parts: Affine) -> kernels.Linear:
            weight = torch.cat([part.weight for part in parts]).to(dtype)
            bias = torch.cat([part.bias for part in parts]).to(dtype)
            return make(weight, bias, weights.approximate)

        self._layout, self._heads, self._dtype = layout, weights.heads, dtype
        self._pad, self._first_position = weights.pad, weights.first_position
        self._words, self._positions, self._types = weights.words, weights.positions, weights.types
        self._norm = weights.norm
        *lower, last = weights.layers
        self._layers = [_Layer(layer, linear(layer.query, layer.key, layer.value), linear, dtype) for layer in lower]
        self._last = _Layer(last, linear(last.key, last.value), linear, dtype)
        self._last_query = linear(last.query)
        self._dense, self._classes = weights.dense, weights.classes

    def __call__(self, pairs: list[Pair]) -> NDArray[np.float32]:
        """Logits `float32 [pairs, classes]`, in the order given."""
        packed = pack(self._layout, pairs)
        with torch.inference_mode():
            rows = self._forward(packed)
            logits = torch.empty_like(rows)
            logits[torch.from_numpy(packed.order)] = rows
        answer: NDArray[np.float32] = logits.numpy()
        return answer

    def _forward(self, packed: Packed) -> Tensor:
        x = self._embed(packed)
        for layer in self._layers:
            x = layer.finish(_attend(layer.project.plain(x), packed.groups, self._heads), x)
        first = x[torch.from_numpy(packed.first)]
        keys = self._last.project.plain(x)
        x = self._last.finish(_attend_first(self._last_query.plain(first), keys, packed.groups, self._heads), first)
        x = torch.tanh(F.linear(x.float(), self._dense.weight, self._dense.bias))
        return F.linear(x, self._classes.weight, self._classes.bias)

    def _embed(self, packed: Packed) -> Tensor:
        ids = torch.from_numpy(packed.ids)
        positions = torch.from_numpy(packed.positions) + self._first_position
        if self._pad is not None and bool((ids == self._pad).any()):
            positions = self._skip_pads(ids, packed)
        x = F.embedding(ids, self._words)
        if len(self._types) == 1:
            x += self._types[0]
        else:
            x += F.embedding(torch.from_numpy(packed.types), self._types)
        x += F.embedding(positions, self._positions)
        return _normed(x, self._norm).to(self._dtype)

    def _skip_pads(self, ids: Tensor, packed: Packed) -> Tensor:
        """RoBERTa's rule where a text has a padding token typed into it: that token takes no position."""
        assert self._pad is not None
        counted = (ids != self._pad).long()
        upto = counted.cumsum(0)
        start = torch.from_numpy(packed.first)
        before = (upto - counted)[start]  # tokens counted in the pairs laid before this one
        lengths = torch.diff(start, append=torch.tensor([len(ids)]))
        return (upto - before.repeat_interleave(lengths)) * counted + self._pad


class _Layer:
    """One encoder layer.  `project` makes queries, keys and values (the last layer: keys and values) at once."""

    def __init__(self, layer: Layer, project: kernels.Linear, linear: type, dtype: torch.dtype) -> None:
        self.project = project
        self._output = linear(layer.output)
        self._up = linear(layer.up)
        self._down = linear(layer.down)
        self._attention_norm = _cast(layer.attention_norm, dtype)
        self._output_norm = _cast(layer.output_norm, dtype)

    def finish(self, context: Tensor, x: Tensor) -> Tensor:
        """What follows attention: `context` and the layer's input `x`, both `[rows, width]`."""
        x = _normed(self._output.add(context, x), self._attention_norm)
        return _normed(self._down.add(self._up.gelu(x), x), self._output_norm)


def _cast(norm: Norm, dtype: torch.dtype) -> Norm:
    return type(norm)(norm.weight.to(dtype), norm.bias.to(dtype), norm.eps)


def _normed(x: Tensor, norm: Norm) -> Tensor:
    return F.layer_norm(x, (x.shape[-1],), norm.weight, norm.bias, norm.eps)


def _attend(projected: Tensor, groups: list[tuple[int, int, int]], heads: int) -> Tensor:
    """Self-attention within each pair: `projected [tokens, 3 * width]` -> `[tokens, width]`."""
    width = projected.shape[1] // 3
    parts = []
    for row, pairs, length in groups:
        part = projected[row : row + pairs * length].view(pairs, length, 3, heads, width // heads)
        query, key, value = part.permute(2, 0, 3, 1, 4)
        context = F.scaled_dot_product_attention(query, key, value)
        parts.append(context.transpose(1, 2).reshape(pairs * length, width))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _attend_first(query: Tensor, projected: Tensor, groups: list[tuple[int, int, int]], heads: int) -> Tensor:
    """Attention of each pair's first token alone.

    `query [pairs, width]` and `projected [tokens, 2 * width]` -> `[pairs, width]`.
    """
    width = query.shape[1]
    parts = []
    at = 0
    for row, pairs, length in groups:
        part = projected[row : row + pairs * length].view(pairs, length, 2, heads, width // heads)
        key, value = part.permute(2, 0, 3, 1, 4)
        own = query[at : at + pairs].view(pairs, heads, 1, width // heads)
        parts.append(F.scaled_dot_product_attention(own, key, value).reshape(pairs, width))
        at += pairs
    return parts[0] if len(parts) == 1 else torch.cat(parts)

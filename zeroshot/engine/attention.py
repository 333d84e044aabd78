"""Attention within each pair of a packed chunk: nobody attends to a neighbour, and no padding is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

if TYPE_CHECKING:
    from torch import Tensor

    from zeroshot.engine.tokens import Packed


class Attention:
    """Pairs of one length at a time, by torch's scaled dot product: any device, any precision.

    Args:
        packed: the chunk.
        heads: of the model.
        device: where the chunk is computed.
    """

    def __init__(self, packed: Packed, heads: int, device: str) -> None:
        del device
        self._groups, self._heads = packed.groups, heads

    def whole(self, projected: Tensor) -> Tensor:
        """Every token's: queries, keys and values `[rows, 3 * width]` -> `[rows, width]`."""
        rows, width = projected.shape[0], projected.shape[1] // 3
        parts = []
        for row, pairs, length in self._groups:
            part = projected[row : row + pairs * length].view(pairs, length, 3, self._heads, -1)
            query, key, value = part.permute(2, 0, 3, 1, 4)
            context = self._pairs(query, key, value)
            parts.append(context.transpose(1, 2).reshape(pairs * length, width))
        return _joined(parts, rows)

    def _pairs(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Pairs of one length, each argument `[pairs, heads, length, width of one]` -> the same."""
        return F.scaled_dot_product_attention(query, key, value)

    def first(self, query: Tensor, projected: Tensor) -> Tensor:
        """The first token's of each pair alone.

        `query [rows, width]`, one row for each pair, keys and values `projected [tokens, 2 * width]` ->
        `[rows, width]`.
        """
        rows, width = query.shape
        parts = []
        at = 0
        for row, pairs, length in self._groups:
            part = projected[row : row + pairs * length].view(pairs, length, 2, self._heads, -1)
            key, value = part.permute(2, 0, 3, 1, 4)
            own = query[at : at + pairs].view(pairs, self._heads, 1, -1)
            parts.append(F.scaled_dot_product_attention(own, key, value).reshape(pairs, width))
            at += pairs
        return _joined(parts, rows)


def _rows(context: Tensor) -> Tensor:
    """`[rows, heads, width of one]` -> `[rows, width]`."""
    return context.flatten(1)


def _joined(parts: list[Tensor], rows: int) -> Tensor:
    """`parts` end to end, and zeros up to `rows`."""
    blank = rows - sum(len(part) for part in parts)
    if blank:
        parts.append(parts[0].new_zeros(blank, parts[0].shape[1]))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


class ProductAttention(Attention):
    """Two batched products and an exponential between them: float32 on CPU, for lengths that torch's own is
    slow at.

    Torch's own takes the columns left over after each 16 one by one.  This one takes whole tables of scores,
    and saves a pass over them by not looking for each row's largest: `exp(s) / sum(exp(s))` is softmax as
    long as the sum nears neither the largest nor the smallest numbers, which the sums tell afterwards.  Where
    one does, torch's own computes these pairs again.

    Which way a pair takes depends on its length alone, never on its neighbours.
    """

    SHORTEST, LONGEST = 49, 1024

    def _pairs(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        pairs, heads, length, width = query.shape
        if length % 16 == 0 or not self.SHORTEST <= length <= self.LONGEST:
            return super()._pairs(query, key, value)
        q, k, v = (part.reshape(pairs * heads, length, width) for part in (query, key, value))
        scores = torch.baddbmm(
            q.new_empty(()).expand(pairs * heads, length, length),
            q,
            k.transpose(1, 2),
            beta=0,
            alpha=width**-0.5,
        ).exp_()
        sums = scores.sum(-1, keepdim=True)
        context = torch.bmm(scores, v).div_(sums).view(pairs, heads, length, width)
        least, most = torch.aminmax(sums.view(pairs, -1), dim=1)
        again = ~((least > _SMALLEST_SUM) & (most < _LARGEST_SUM))  # not a number is neither
        if bool(again.any()):
            context[again] = super()._pairs(query[again], key[again], value[again])
        return context


_SMALLEST_SUM = 1e-25
"""Above it the scores that matter, within a billionth of the largest, have not lost a digit."""

_LARGEST_SUM = 1e30
"""Below it there is room for the values too, which are multiplied before the division."""


class VarlenAttention(Attention):
    """All pairs of a chunk at once, by FlashAttention over sequences of varying length: CUDA, half precision.

    Rows without meaning at the end of the chunk are one more sequence.
    """

    def __init__(self, packed: Packed, heads: int, device: str) -> None:
        super().__init__(packed, heads, device)
        ends = np.append(packed.first, packed.tokens)
        longest = max(length for _, _, length in packed.groups)
        if packed.tokens < len(packed.ids):
            ends = np.append(ends, len(packed.ids))
            longest = max(longest, len(packed.ids) - packed.tokens)
        self._ends = torch.from_numpy(ends.astype(np.int32)).to(device)
        self._longest = longest
        pairs = len(packed.first)
        # The last layer asks for one query a pair, and none for the rows without meaning.
        self._query_ends = torch.arange(pairs + 1, dtype=torch.int32, device=device)
        self._key_ends = self._ends[: pairs + 1]

    @staticmethod
    def works(device: str, dtype: torch.dtype, width: int) -> bool:
        """Whether this torch and this GPU have it for heads so wide, and it gives what `Attention` gives."""
        if not device.startswith("cuda") or dtype not in {torch.bfloat16, torch.float16}:
            return False
        try:
            from torch.nn.attention.varlen import varlen_attn

            x = torch.randn(3, 8, 2, width, device=device, dtype=dtype)
            ends = torch.tensor([0, 8], device=device, dtype=torch.int32)
            one: Any = varlen_attn(x[0], x[1], x[2], ends, ends, 8, 8)
            two = F.scaled_dot_product_attention(*(part.transpose(0, 1)[None] for part in x))[0].transpose(
                0, 1
            )
            return bool(torch.allclose(one, two, atol=0.05))
        except (ImportError, RuntimeError, NotImplementedError, TypeError):
            return False

    def whole(self, projected: Tensor) -> Tensor:
        """See `Attention`."""
        from torch.nn.attention.varlen import varlen_attn

        query, key, value = projected.view(len(projected), 3, self._heads, -1).unbind(1)
        ends, longest = self._ends, self._longest
        context: Any = varlen_attn(query, key, value, ends, ends, longest, longest)
        return _rows(context)

    def first(self, query: Tensor, projected: Tensor) -> Tensor:
        """See `Attention`."""
        from torch.nn.attention.varlen import varlen_attn

        pairs = len(self._key_ends) - 1
        key, value = projected.view(len(projected), 2, self._heads, -1).unbind(1)
        own = query[:pairs].view(pairs, self._heads, -1)
        context: Any = varlen_attn(own, key, value, self._query_ends, self._key_ends, 1, self._longest)
        return _joined([_rows(context)], len(query))


def best_attention(device: str, dtype: torch.dtype, width: int) -> type[Attention]:
    """The fastest kind that works for a device, a precision and heads of this width."""
    if VarlenAttention.works(device, dtype, width):
        return VarlenAttention
    return ProductAttention if device == "cpu" and dtype == torch.float32 else Attention

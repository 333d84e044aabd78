"""The ways to compute attention agree with torch's own, also where an exponential overflows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from tests.engine.conftest import make_tokenizer, random_pairs
from zeroshot.engine.attention import Attention, ProductAttention, VarlenAttention, best_attention
from zeroshot.engine.tokens import Packed, pack, read_layout

HEADS, WIDTH = 4, 64


def packed(longest: int = 130) -> Packed:
    return pack(read_layout(make_tokenizer("bert")), random_pairs(40, longest=longest))


def expected(chunk: Packed, projected: torch.Tensor) -> torch.Tensor:
    """Pair by pair."""
    out = torch.zeros(len(projected), WIDTH)
    ends = [*chunk.first.tolist(), chunk.tokens]
    for start, end in pairwise(ends):
        query, key, value = projected[start:end].view(end - start, 3, HEADS, -1).permute(1, 2, 0, 3)
        out[start:end] = F.scaled_dot_product_attention(query, key, value).transpose(0, 1).flatten(1)
    return out


@pytest.mark.parametrize("kind", [Attention, ProductAttention])
@pytest.mark.parametrize("scale", [1.0, 3.0, 30.0])
def test_every_pair_attends_to_itself_alone(kind: type[Attention], scale: float) -> None:
    chunk = packed()
    assert any(length > ProductAttention.SHORTEST for _, _, length in chunk.groups)
    torch.manual_seed(0)
    projected = torch.randn(len(chunk.ids), 3 * WIDTH) * scale
    if scale == 30:
        assert (projected[:64, :16] @ projected[:64, 64:80].T / 4).max() > 100, "its exponential overflows"
    attention = kind(chunk, HEADS, "cpu")
    whole = expected(chunk, projected)
    torch.testing.assert_close(attention.whole(projected), whole, atol=1e-5 * scale, rtol=1e-5)
    rows = torch.from_numpy(chunk.first)
    first = attention.first(projected[rows, :WIDTH], projected[:, WIDTH:])
    torch.testing.assert_close(first, whole[rows], atol=1e-5 * scale, rtol=1e-5)


def test_large_values_under_one_large_score_do_not_overflow() -> None:
    chunk = packed()
    projected = torch.zeros(len(chunk.ids), 3 * WIDTH)
    projected[:, 0] = projected[3, WIDTH] = 18.6
    projected[:, 2 * WIDTH :] = 10
    score = float(projected[0, 0] * projected[3, WIDTH] * (WIDTH // HEADS) ** -0.5)
    assert 86.3 < score < 88.7, "its exponential fits, ten times as much does not"
    torch.testing.assert_close(
        ProductAttention(chunk, HEADS, "cpu").whole(projected), expected(chunk, projected)
    )


def test_scores_that_are_all_very_small_are_no_trouble() -> None:
    chunk = packed()
    projected = torch.ones(len(chunk.ids), 3 * WIDTH)
    projected[:, :WIDTH] *= -100  # every score is about -400: each exponential is 0
    torch.testing.assert_close(
        ProductAttention(chunk, HEADS, "cpu").whole(projected), expected(chunk, projected)
    )


def test_a_pair_gets_the_same_bits_alone_and_among_others() -> None:
    layout = read_layout(make_tokenizer("bert"))
    ids = np.arange(4, 4 + 60, dtype=np.int32)
    one, many = pack(layout, [(ids, ids[:9])]), pack(layout, [(ids, ids[:9])] * 7)
    torch.manual_seed(0)
    projected = torch.randn(len(one.ids), 3 * WIDTH)
    alone = ProductAttention(one, HEADS, "cpu").whole(projected)[: one.tokens]
    repeated = projected[: one.tokens].repeat(7, 1)
    repeated = torch.cat((repeated, torch.zeros(len(many.ids) - len(repeated), 3 * WIDTH)))
    together = ProductAttention(many, HEADS, "cpu").whole(repeated)
    assert torch.equal(together[: one.tokens], alone)
    assert torch.equal(together[6 * one.tokens : 7 * one.tokens], alone)


def test_a_neighbour_that_overflows_changes_no_bit() -> None:
    layout = read_layout(make_tokenizer("bert"))
    ids = np.arange(4, 4 + 60, dtype=np.int32)
    chunk = pack(layout, [(ids, ids[:9])] * 3)
    length = chunk.tokens // 3
    torch.manual_seed(0)
    projected = torch.randn(len(chunk.ids), 3 * WIDTH)
    calm = ProductAttention(chunk, HEADS, "cpu").whole(projected)
    projected[length : 2 * length] *= 30
    beside = ProductAttention(chunk, HEADS, "cpu").whole(projected)
    torch.testing.assert_close(beside, expected(chunk, projected), atol=1e-3, rtol=1e-5)
    for start in (0, 2 * length):
        assert torch.equal(beside[start : start + length], calm[start : start + length])


def test_the_kind_follows_from_device_and_precision() -> None:
    assert best_attention("cpu", torch.float32, 32) is ProductAttention
    assert best_attention("cpu", torch.bfloat16, 32) is Attention
    assert best_attention("mps", torch.float32, 32) is Attention


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_attention_over_varying_lengths_on_a_gpu() -> None:
    assert VarlenAttention.works("cuda", torch.bfloat16, WIDTH // HEADS)
    assert not VarlenAttention.works("cuda", torch.bfloat16, 26), "it takes multiples of 8 only"
    chunk = packed()
    torch.manual_seed(0)
    projected = torch.randn(len(chunk.ids), 3 * WIDTH)
    there = projected.to("cuda", torch.bfloat16)
    attention, exact = VarlenAttention(chunk, HEADS, "cuda"), expected(chunk, projected)
    whole = attention.whole(there).float().cpu()[: chunk.tokens]
    torch.testing.assert_close(whole, exact[: chunk.tokens], atol=0.05, rtol=0.05)
    rows = torch.from_numpy(chunk.first)
    first = attention.first(there[rows.to("cuda"), :WIDTH], there[:, WIDTH:]).float().cpu()
    torch.testing.assert_close(first, exact[rows], atol=0.05, rtol=0.05)

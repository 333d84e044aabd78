"""Tokens, the layout of a pair, and packing."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tests.engine.conftest import make_tokenizer, random_pairs
from zeroshot.engine.tokens import ROWS, TokenCache, pack, read_layout
from zeroshot.errors import ModelFormatError


@pytest.mark.parametrize("family", ["bert-types", "xlm-roberta"])
def test_the_layout_is_the_post_processors(family: str) -> None:
    tokenizer = make_tokenizer(family)
    layout = read_layout(tokenizer)
    for premise, hypothesis in [("w1 w2 w3", "w4"), ("w1", "w2 w3"), ("", "w1 w2"), ("w5", "")]:
        whole = tokenizer.encode(premise, hypothesis)
        first, second = TokenCache(tokenizer)([premise, hypothesis])
        assert layout.ids(first, second).tolist() == whole.ids
        assert layout.types(len(first), len(second)).tolist() == whole.type_ids
    assert layout.special == tokenizer.num_special_tokens_to_add(is_pair=True)


def test_a_tokenizer_that_does_not_join_pairs_is_refused() -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A", pair="$B $A", special_tokens=[])
    with pytest.raises(ModelFormatError):
        read_layout(tokenizer)


class CountingTokenizer:
    def __init__(self) -> None:
        self.inner = make_tokenizer("bert")
        self.seen: list[str] = []

    def encode_batch_fast(self, texts: list[str], *, add_special_tokens: bool) -> object:
        self.seen += texts
        return self.inner.encode_batch_fast(texts, add_special_tokens=add_special_tokens)


def test_each_distinct_text_is_tokenised_once() -> None:
    tokenizer = CountingTokenizer()
    cache = TokenCache(tokenizer)  # type: ignore[arg-type]
    one, two, three = cache(["w1 w2", "w3", "w1 w2"])
    assert one is three
    assert (one.tolist(), two.tolist()) == ([5, 6], [7])
    cache(["w3", "w4"])
    assert tokenizer.seen == ["w1 w2", "w3", "w4"]


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    tokenizer = CountingTokenizer()
    cache = TokenCache(tokenizer, capacity=1_000)  # type: ignore[arg-type]
    for number in range(100):
        cache(["w1", f"w{number} w2 w3"])
    assert tokenizer.seen.count("w1") == 1, "it was used all the time"
    assert cache._kept <= 1_000
    cache(["w0 w2 w3"])
    assert tokenizer.seen.count("w0 w2 w3") == 2
    cache(["w1 " * 300])
    assert len(cache._ids) > 1, "one long text does not push out everything else"


def test_the_cache_counts_characters_too() -> None:
    cache = TokenCache(CountingTokenizer(), capacity=10_000)  # type: ignore[arg-type]
    for number in range(100):
        cache([f"w1{' ' * 1_000}w{number}"])
    assert sum(len(text) for text in cache._ids) <= 10_000


def test_packing_keeps_every_pair_whole_and_in_reach() -> None:
    layout = read_layout(make_tokenizer("bert-types"))
    pairs = random_pairs(37)
    packed = pack(layout, pairs)
    assert len(packed.ids) % ROWS == 0
    assert packed.tokens == sum(len(a) + len(b) + layout.special for a, b in pairs)
    assert sorted(packed.order) == list(range(37))
    for at, index in enumerate(packed.order):
        row = packed.first[at]
        ids = layout.ids(*pairs[index])
        assert packed.ids[row : row + len(ids)].tolist() == ids.tolist()
        assert packed.positions[row : row + len(ids)].tolist() == list(range(len(ids)))
    covered = [row for start, count, length in packed.groups for row in range(start, start + count * length)]
    assert covered == list(range(packed.tokens))
    assert len({length for _, _, length in packed.groups}) == len(packed.groups)
    assert np.all(packed.ids[packed.tokens :] == 0)

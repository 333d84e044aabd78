"""Text -> token ids, and pairs of them laid out as the model reads them.

Every text is tokenised once, alone and without special tokens; a pair is then put together from the two
arrays of ids.  Where the special tokens go is not written here for each model family: it is read off the
tokenizer's own post-processor, by encoding one pair and looking at what came out.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.errors import ModelFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Ids = NDArray[np.int32]
    Pair = tuple[Ids, Ids]

CACHED_SIZE = 6_000_000
"""What one cache keeps, in tokens and characters together: some 20 MB, whatever the number of texts."""

ENTRY_SIZE = 80
"""What an entry counts beside its tokens and characters: Python's objects around them."""


class TokenCache:
    """Token ids of texts, without special tokens; each distinct text is tokenised once.

    The least recently used texts are dropped once more than `capacity` is kept.  Characters count as well as
    tokens, for a text of two million spaces is a single token.  Safe to use from many threads.
    """

    def __init__(self, tokenizer: Tokenizer, *, capacity: int = CACHED_SIZE) -> None:
        self._tokenizer = tokenizer
        self._capacity = capacity
        self._kept = 0
        self._ids: OrderedDict[str, Ids] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> list[Ids]:
        """Ids `int32 [tokens]` of each text, not truncated, in order; equal texts share one array."""
        found: dict[str, Ids] = {}
        with self._lock:
            for text in texts:
                ids = self._ids.get(text)
                if ids is not None:
                    self._ids.move_to_end(text)
                    found[text] = ids
        new = [text for text in dict.fromkeys(texts) if text not in found]
        if new:
            fresh = dict(zip(new, self._encode(new), strict=True))
            found.update(fresh)
            with self._lock:
                self._keep(fresh)
        return [found[text] for text in texts]

    def _encode(self, texts: list[str]) -> list[Ids]:
        # The fast form leaves out offsets, which nobody asks for here.  It spreads a batch over all cores.
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [np.array(encoding.ids, np.int32) for encoding in encodings]

    def _keep(self, fresh: dict[str, Ids]) -> None:
        for text, ids in fresh.items():
            size = _size(text, ids)
            if text not in self._ids and size <= self._capacity // 8:
                self._ids[text] = ids
                self._kept += size
        while self._kept > self._capacity:
            self._kept -= _size(*self._ids.popitem(last=False))


def _size(text: str, ids: Ids) -> int:
    return len(text) + len(ids) + ENTRY_SIZE


@dataclass(frozen=True)
class PairLayout:
    """Where the special tokens of a pair go: `before` premise `between` hypothesis `after`.

    The `*_types` are the token types (segment ids) of the special tokens; `premise_type` and
    `hypothesis_type` those of the two texts.
    """

    before: Ids
    between: Ids
    after: Ids
    before_types: Ids
    between_types: Ids
    after_types: Ids
    premise_type: int
    hypothesis_type: int

    @property
    def special(self) -> int:
        """Number of special tokens in a pair."""
        return len(self.before) + len(self.between) + len(self.after)

    def untyped(self) -> PairLayout:
        """The same, all tokens of type 0."""
        before, between, after = (np.zeros_like(part) for part in (self.before, self.between, self.after))
        return replace(
            self,
            before_types=before,
            between_types=between,
            after_types=after,
            premise_type=0,
            hypothesis_type=0,
        )

    def ids(self, premise: Ids, hypothesis: Ids) -> Ids:
        """The ids `int32 [tokens]` of one pair."""
        return np.concatenate((self.before, premise, self.between, hypothesis, self.after))

    def types(self, premise: int, hypothesis: int) -> Ids:
        """The token types `int32 [tokens]` of a pair of `premise` and `hypothesis` tokens."""
        return np.concatenate(
            (
                self.before_types,
                np.full(premise, self.premise_type, np.int32),
                self.between_types,
                np.full(hypothesis, self.hypothesis_type, np.int32),
                self.after_types,
            )
        )


def read_layout(tokenizer: Tokenizer) -> PairLayout:
    """The layout that `tokenizer`'s post-processor gives to a pair of texts.

    Raises:
        ModelFormatError: the post-processor does not keep the two texts whole, or not in this order.
    """
    sample = next((word for word in ("a", "the", "1", ".", "的") if _plain(tokenizer, word)), None)
    if sample is None:
        raise ModelFormatError(
            "The model's tokenizer turns no sample text into tokens: download the model again."
        )
    encoding = tokenizer.encode(sample, sample)
    ids = np.array(encoding.ids, np.int32)
    types = np.array(encoding.type_ids, np.int32)
    # -1 a special token, 0 the premise, 1 the hypothesis.
    part = np.array([-1 if which is None else which for which in encoding.sequence_ids])
    premise, hypothesis = np.flatnonzero(part == 0), np.flatnonzero(part == 1)
    plain = _plain(tokenizer, sample)
    if ids[premise].tolist() != plain or ids[hypothesis].tolist() != plain or premise[-1] > hypothesis[0]:
        raise ModelFormatError("The model's tokenizer does not join two texts as a zero-shot model's does.")
    start, middle, end = (
        slice(0, premise[0]),
        slice(premise[-1] + 1, hypothesis[0]),
        slice(hypothesis[-1] + 1, None),
    )
    return PairLayout(
        before=ids[start],
        between=ids[middle],
        after=ids[end],
        before_types=types[start],
        between_types=types[middle],
        after_types=types[end],
        premise_type=int(types[premise[0]]),
        hypothesis_type=int(types[hypothesis[0]]),
    )


def _plain(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


@dataclass(frozen=True)
class Packed:
    """Pairs laid end to end with no padding between them, pairs of equal length side by side.

    Up to `ROWS - 1` rows of no meaning follow the last pair.  oneDNN writes machine code for every new number
    of rows, which takes as long as a small product; so there shall be few numbers.

    Attributes:
        ids: token ids `int64 [tokens]`.
        positions: of each token in its own pair, from 0, `int64 [tokens]`.
        types: token types `int64 [tokens]`.
        first: row of the first token of each pair `int64 [pairs]`.
        groups: `(row, pairs, length)` for each run of pairs of one length.
        order: for each pair in here, its index in the list that was packed.
        tokens: rows that have a meaning.
    """

    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    types: NDArray[np.int64]
    first: NDArray[np.int64]
    groups: list[tuple[int, int, int]]
    order: NDArray[np.int64]
    tokens: int


ROWS = 16
"""Packed rows are a multiple of this."""


def pack(layout: PairLayout, pairs: Sequence[Pair]) -> Packed:
    """Lays `pairs` (already cut to the length that the model reads) end to end, longest first."""
    lengths = np.array([len(premise) + len(hypothesis) for premise, hypothesis in pairs]) + layout.special
    order = np.argsort(-lengths, kind="stable")
    pieces: list[Ids] = []
    types: list[Ids] = []
    for index in order:
        premise, hypothesis = pairs[index]
        pieces += (layout.before, premise, layout.between, hypothesis, layout.after)
        types.append(layout.types(len(premise), len(hypothesis)))
    ordered = lengths[order]
    first = np.cumsum(ordered) - ordered
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    counts = np.diff(starts, append=len(ordered))
    groups = [(int(first[s]), int(n), int(ordered[s])) for s, n in zip(starts, counts, strict=True)]
    tokens = int(ordered.sum())
    blank = np.zeros(-tokens % ROWS, np.int64)
    ids = np.concatenate((*pieces, blank), dtype=np.int64)
    positions = np.concatenate((np.arange(tokens) - np.repeat(first, ordered), blank))
    return Packed(
        ids, positions, np.concatenate((*types, blank), dtype=np.int64), first, groups, order, tokens
    )

"""Text -> token ids, and pairs of them laid out as the model reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Ids = NDArray[np.int32]

BEGIN, END, PAD = 0, 2, 1
"""XLM-R's `<s>`, `</s>` and `<pad>`."""


class TokenCache:
    """Token ids of texts, without special tokens; each distinct text is tokenised once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._ids: dict[str, Ids] = {}

    def add(self, texts: Sequence[str]) -> None:
        """Tokenises many texts at once, on all cores."""
        new = list(dict.fromkeys(text for text in texts if text not in self._ids))
        parts = range(0, len(new), 8192)
        for start in tqdm(parts, desc="tokens", disable=len(parts) < 2):
            part = new[start : start + 8192]
            for text, encoding in zip(
                part, self._tokenizer.encode_batch_fast(part, add_special_tokens=False), strict=True
            ):
                self._ids[text] = np.array(encoding.ids, np.int32)

    def __getitem__(self, text: str) -> Ids:
        if text not in self._ids:
            self.add([text])
        return self._ids[text]


def pair_length(premise: Ids, hypothesis: Ids) -> int:
    """Tokens of a pair with its special tokens."""
    return len(premise) + len(hypothesis) + 4


def lay_pair(premise: Ids, hypothesis: Ids, max_length: int) -> Ids:
    """`<s> premise </s></s> hypothesis </s>`; a premise that is too long loses its end."""
    room = max(max_length - pair_length(premise[:0], hypothesis), 1)
    return np.concatenate([[BEGIN], premise[:room], [END, END], hypothesis, [END]]).astype(np.int32)

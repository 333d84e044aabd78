"""Every other family (BART, DeBERTa...): transformers' own forward, on batches of like length.

The tokens are those that the packed forward would read; only the batching is ours.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedModel

    from zeroshot.engine.tokens import Ids, Pair, PairLayout


class StockModel:
    """A transformers model as it is.

    Args:
        model: in evaluation mode, already where it shall run.
        layout: where the special tokens go.
        waste: share of padding that one batch may have, of all its tokens.
    """

    def __init__(self, model: PreTrainedModel, layout: PairLayout, *, waste: float = 0.1) -> None:
        config = model.config
        taken = inspect.signature(model.forward).parameters
        self._model: Any = model
        self._layout = layout
        self._waste = waste
        pad = config.pad_token_id
        self._pad = 0 if pad is None else int(pad)
        self._typed = "token_type_ids" in taken and getattr(config, "type_vocab_size", 0) > 1
        self._options = {"use_cache": False} if "use_cache" in taken else {}
        # BART's head reads the last end-of-text token and wants as many of them in every row of a batch; a
        # text may have one typed into it.
        ends = config.eos_token_id if getattr(config, "is_encoder_decoder", False) else None
        self._end = ends if isinstance(ends, int) else None

    def __call__(self, pairs: list[Pair]) -> NDArray[np.float32]:
        """Logits `float32 [pairs, classes]`, in the order given."""
        rows = [self._layout.ids(premise, hypothesis) for premise, hypothesis in pairs]
        answer: NDArray[np.float32] | None = None
        for batch in self._batches(rows):
            logits = self._forward([rows[index] for index in batch], [pairs[index] for index in batch])
            if answer is None:
                answer = np.empty((len(pairs), logits.shape[1]), np.float32)
            answer[batch] = logits
        assert answer is not None
        return answer

    def _batches(self, rows: list[Ids]) -> list[list[int]]:
        """Indices of `rows`, longest first, split where padding would waste too much."""
        keys = [(0 if self._end is None else int((row == self._end).sum()), len(row)) for row in rows]
        batches: list[list[int]] = []
        tokens = 0
        for index in sorted(range(len(rows)), key=lambda index: keys[index], reverse=True):
            ends, length = keys[index]
            if batches:
                head_ends, head_length = keys[batches[-1][0]]
                padded = head_length * (len(batches[-1]) + 1)
                if ends == head_ends and padded - (tokens + length) <= self._waste * padded:
                    batches[-1].append(index)
                    tokens += length
                    continue
            batches.append([index])
            tokens = length
        return batches

    def _forward(self, rows: list[Ids], pairs: list[Pair]) -> NDArray[np.float32]:
        longest = len(rows[0])
        ids = np.full((len(rows), longest), self._pad, np.int64)
        mask = np.zeros((len(rows), longest), np.int64)
        types = np.zeros((len(rows), longest), np.int64)
        for at, (row, (premise, hypothesis)) in enumerate(zip(rows, pairs, strict=True)):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
            if self._typed:
                types[at, : len(row)] = self._layout.types(len(premise), len(hypothesis))
        inputs = {"input_ids": ids, "attention_mask": mask} | (
            {"token_type_ids": types} if self._typed else {}
        )
        with torch.inference_mode():
            tensors = {name: torch.from_numpy(value).to(self._model.device) for name, value in inputs.items()}
            logits: NDArray[np.float32] = self._model(**tensors, **self._options).logits.float().cpu().numpy()
        return logits

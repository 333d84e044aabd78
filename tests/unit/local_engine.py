"""A stock transformers model behind the engine's interface, one pair at a time: slow, and plainly right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zeroshot.errors import Cancelled

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


@dataclass
class Loaded:
    """What the pipeline wants to know of a loaded model."""

    name: str
    id2label: dict[int, str]
    source: Any = None
    tokenizer: Any = None
    max_length: int | None = None
    token_types: bool = True


class StubEngine:
    """Logits made from the ids alone: for tests of the pipeline that need no model."""

    max_length = 512
    device = "cpu"
    precision = "float32"
    family = "stub"

    def __init__(self, num_classes: int = 3) -> None:
        self.num_classes = num_classes
        self.pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def tokenize(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        return [np.array([ord(c) % 997 for c in text], dtype=np.int32) for text in texts]

    def room(self, hypothesis_ids: NDArray[np.int32]) -> int:
        return self.max_length - 4 - len(hypothesis_ids)

    def logits(
        self,
        pairs: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]],
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> NDArray[np.float32]:
        rows = []
        for i, (premise, hypothesis) in enumerate(pairs):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            cut = premise[: self.room(hypothesis)]
            self.pairs.append((tuple(cut.tolist()), tuple(hypothesis.tolist())))
            seed = int(cut.sum()) * 31 + int(hypothesis.sum()) * 17 + len(cut)
            rows.append(np.random.default_rng(seed).normal(size=self.num_classes))
            if progress is not None:
                progress(i + 1, len(pairs))
        return np.array(rows, dtype=np.float32)

    def warm_up(self) -> None:
        return

    def close(self) -> None:
        return


THREE = {0: "contradiction", 1: "neutral", 2: "entailment"}
TWO = {0: "entailment", 1: "not_entailment"}

"""The engine that callers hold: tokens, truncation, equal pairs once, and turns.

The arithmetic is a backend's: `packed` or `stock`.
"""

from __future__ import annotations

import copy
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from zeroshot.engine.machine import dismiss_team, keep_freed_memory
from zeroshot.engine.outliers import find_outliers
from zeroshot.engine.packed import PackedModel
from zeroshot.engine.precision import choose
from zeroshot.engine.scheduler import Scheduler
from zeroshot.engine.stock import StockModel
from zeroshot.engine.tokens import TokenCache, read_layout
from zeroshot.engine.weights import read_weights
from zeroshot.engine.worker import CPU, in_passing
from zeroshot.errors import Cancelled, InputError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

    from zeroshot.engine.tokens import Ids, Pair, PairLayout
    from zeroshot.engine.weights import Tensors
    from zeroshot.engine.worker import Worker

    Backend = Callable[[list[Pair]], NDArray[np.float32]]

CPU_TOKENS = 384
"""Tokens in a chunk on CPU: fast already, and nobody waits long for a turn.  Half of it in a crowd."""

CPU_TOKENS_LARGE = 256
"""The same for models so large that a token takes ten times as long and needs fewer neighbours to be fast."""

INT8_TIMES = 2
"""So many times more in int8: they take as long, and larger products pay."""

LOOK_EVERY = 4096
"""Pairs that are put together between two looks at `cancel`."""

UNLIMITED = 512
"""Tokens of a pair where neither the model nor its tokenizer knows a limit."""

GPU_TOKENS = 16_384
"""Tokens in a chunk on a GPU."""


class PairEngine:
    """An `Engine` around a backend that turns a bounded list of pairs into logits."""

    def __init__(
        self,
        backend: Backend,
        tokenizer: Tokenizer,
        layout: PairLayout,
        *,
        max_length: int,
        num_classes: int,
        device: str,
        precision: str,
        family: str,
        budget: int,
        max_calls: int,
        worker: Worker | None = None,
    ) -> None:
        self.max_length, self.num_classes = max_length, num_classes
        self.device, self.precision, self.family = device, precision, family
        self._layout = layout
        self._tokens = TokenCache(tokenizer)
        self._scheduler: Scheduler[Pair] = Scheduler(
            backend, budget=budget, max_calls=max_calls, worker=worker
        )

    def tokenize(self, texts: Sequence[str]) -> list[Ids]:
        """Ids `int32 [tokens]` of each text: no special tokens, not truncated, each distinct text once."""
        return self._tokens(texts)

    def room(self, hypothesis_ids: Ids) -> int:
        """Premise tokens that fit beside this hypothesis."""
        return max(0, self.max_length - self._layout.special - len(hypothesis_ids))

    def logits(
        self,
        pairs: Sequence[Pair],
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> NDArray[np.float32]:
        """Logits `float32 [pairs, classes]`; see `Engine.logits`."""
        if not pairs:
            return np.empty((0, self.num_classes), np.float32)
        distinct: list[Pair] = []
        seen: dict[tuple[bytes, bytes], int] = {}
        which = np.empty(len(pairs), np.int64)
        for at, (premise, hypothesis) in enumerate(pairs):
            if at % LOOK_EVERY == 0 and cancel is not None and cancel.is_set():
                raise Cancelled
            cut = self._cut(premise, hypothesis)
            key = (_digest(cut), _digest(hypothesis))
            index = seen.setdefault(key, len(distinct))
            if index == len(distinct):
                distinct.append((cut, hypothesis))
            which[at] = index
        del seen
        costs = [len(premise) + len(hypothesis) + self._layout.special for premise, hypothesis in distinct]
        report = progress
        if progress is not None and len(distinct) < len(pairs):
            share = len(pairs) / len(distinct)

            def report(done: int, total: int) -> None:
                progress(len(pairs) if done == total else int(done * share), len(pairs))

        return self._scheduler.run(distinct, costs, progress=report, cancel=cancel)[which]

    def _cut(self, premise: Ids, hypothesis: Ids) -> Ids:
        room = self.max_length - self._layout.special - len(hypothesis)
        if len(premise) > room and room < 1:
            raise InputError(
                f"Template and label together have {len(hypothesis)} tokens, and the model reads "
                f"{self.max_length} with the text: shorten the template or the label."
            )
        return premise[:room] if len(premise) > room else premise

    def warm_up(self) -> None:
        """Computes two small pairs."""
        text, hypothesis = self.tokenize(["One text, not long.", "This text is about news."])
        self.logits([(text, hypothesis), (hypothesis, hypothesis)])

    def close(self) -> None:
        """Computes nothing more."""
        self._scheduler.close()


def build(
    model: PreTrainedModel | Tensors, tokenizer: Tokenizer, *, device: str, **options: Any
) -> PairEngine:
    """See `zeroshot.engine.make_engine`."""
    if device == "cpu":
        dismiss_team()  # whoever calls has often just loaded the model
    return in_passing(lambda: _build(model, tokenizer, device=device, **options))


def _build(
    model: PreTrainedModel | Tensors,
    tokenizer: Tokenizer,
    *,
    device: str,
    precision: str,
    max_length: int | None,
    token_types: bool,
    max_calls: int,
) -> PairEngine:
    layout = read_layout(tokenizer) if token_types else read_layout(tokenizer).untyped()
    weights = read_weights(model)
    precision = choose(precision, device, packed=weights is not None)
    on_cpu = device == "cpu"
    if on_cpu:
        keep_freed_memory()
    backend: Backend
    if weights is not None:
        outliers = find_outliers(weights, layout) if precision == "int8" else []
        backend = PackedModel(weights, layout, precision=precision, device=device, outliers=outliers)
        positions, family = weights.max_length, weights.family
    else:
        stock = _stock(model)
        if not on_cpu:
            dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
            moved: Any = copy.deepcopy(stock)  # the caller's stays as it is
            stock = moved.to(device, dtype)
        backend = StockModel(stock, layout)
        positions, family = _positions(stock), str(stock.config.model_type)
    return PairEngine(
        backend if on_cpu else _halved(backend),
        tokenizer,
        layout,
        max_length=min(filter(None, (positions, max_length)), default=UNLIMITED),
        num_classes=len(model.config.id2label or ()),
        device=device,
        precision=precision,
        family=family,
        budget=_budget(model, precision) if on_cpu else GPU_TOKENS,
        max_calls=max_calls,
        worker=CPU if on_cpu else None,
    )


def _digest(ids: Ids) -> bytes:
    """Stands for ids among those of one call: the ids themselves would be kept twice."""
    return blake2b(ids.tobytes(), digest_size=16).digest()


def _stock(model: PreTrainedModel | Tensors) -> PreTrainedModel:
    built: Any = getattr(model, "stock", lambda: model)()
    return cast("PreTrainedModel", built)


def _budget(model: PreTrainedModel | Tensors, precision: str) -> int:
    tokens = CPU_TOKENS if getattr(model.config, "hidden_size", 0) <= 512 else CPU_TOKENS_LARGE
    return tokens * INT8_TIMES if precision == "int8" else tokens


def _halved(compute: Backend) -> Backend:
    """`compute`, in smaller chunks where the GPU's memory does not suffice for one."""

    def halved(pairs: list[Pair]) -> NDArray[np.float32]:
        try:
            return compute(pairs)
        except torch.OutOfMemoryError:
            if len(pairs) == 1:
                raise
        # Not in the handler: the exception would hold the tensors of the chunk that did not fit.
        torch.cuda.empty_cache()
        half = len(pairs) // 2
        return np.concatenate((halved(pairs[:half]), halved(pairs[half:])))

    return halved


def _positions(model: PreTrainedModel) -> int:
    """Tokens that a model of a family we do not know has positions for; 0 where it has relative ones only."""
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and getattr(part, "padding_idx", None) is not None:
            # RoBERTa's relatives count from after the padding.
            return int(part.num_embeddings - part.padding_idx - 1)
    return max(0, int(getattr(model.config, "max_position_embeddings", None) or 0))

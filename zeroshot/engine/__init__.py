"""Pairs of token ids -> NLI logits, fast, for many callers at once.  Knows nothing of labels or templates.

Importing this module imports no torch; `make_engine` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

    from zeroshot.engine.weights import Tensors

    Ids = NDArray[np.int32]

__all__ = ["Engine", "make_engine"]


class Engine(Protocol):
    """What `make_engine` returns.  All methods may be called from many threads at once."""

    max_length: int
    """Tokens in the longest pair that the model reads, special tokens included."""
    num_classes: int
    device: str
    precision: str
    """The precision really used: `float32`, `bfloat16` or `int8`."""
    family: str
    """The model's family as its configuration names it: `bert`, `xlm-roberta`, `bart`..."""

    def tokenize(self, texts: Sequence[str]) -> list[Ids]:
        """Ids `int32 [tokens]` of each text: no special tokens, not truncated, each distinct text once."""
        ...

    def room(self, hypothesis_ids: Ids) -> int:
        """Premise tokens that fit beside this hypothesis; what is longer loses its end."""
        ...

    def logits(
        self,
        pairs: Sequence[tuple[Ids, Ids]],
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> NDArray[np.float32]:
        """Logits `float32 [pairs, classes]` of `(premise, hypothesis)` pairs, in order.

        Args:
            progress: called with `(done, total)` pairs after every chunk, on the calling thread.
            cancel: set it to stop between two chunks.

        Raises:
            Cancelled: `cancel` was set.
            BusyError: too many calls are waiting already.
            InputError: a hypothesis leaves no room for its premise.
        """
        ...

    def warm_up(self) -> None:
        """Computes something small, so that the first caller does not wait for what torch does only once."""
        ...

    def close(self) -> None:
        """Computes nothing more; calls that wait get an error."""
        ...


def make_engine(
    model: PreTrainedModel | Tensors,
    tokenizer: Tokenizer,
    *,
    device: str = "cpu",
    precision: str = "auto",
    max_length: int | None = None,
    token_types: bool = True,
    max_calls: int = 256,
) -> Engine:
    """An engine on the weights of a stock transformers model.

    Args:
        model: a sequence-classification model in evaluation mode, in float32, on CPU, or the tensors of one.
            It is not changed.
        tokenizer: the model's, with neither padding nor truncation switched on.
        device: `cpu`, `cuda` or `mps`.
        precision: `float32`, `bfloat16`, `int8`, or `auto`: see `zeroshot.engine.precision`.  One that the
            processor has no instructions for becomes `float32`; `Engine.precision` says what it is.
        max_length: tokens that the tokenizer cuts a pair at; None, or more than the model has positions for:
            these are the limit.
        token_types: whether the model is told which tokens are the premise's and which the hypothesis's, as
            the tokenizer's post-processor has it.  transformers does so where `token_type_ids` are among the
            tokenizer's `model_input_names`.
        max_calls: calls that may wait or run at once; one more gets `BusyError`.  A page has a lower
            limit of its own.
    """
    from zeroshot.engine.engine import build

    return build(
        model,
        tokenizer,
        device=device,
        precision=precision,
        max_length=max_length,
        token_types=token_types,
        max_calls=max_calls,
    )

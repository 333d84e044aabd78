"""From the logits of an NLI model to scores: plain arithmetic on numpy arrays.

Everything is what transformers' ZeroShotClassificationPipeline computes, with two differences: the softmax
cannot overflow, and the contradiction class is found by its name instead of being taken for class 0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zeroshot.errors import ModelFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float32]


class Classes(NamedTuple):
    """Which logit is which. Two-class models have no ``neutral``; their "not entailment" counts as
    contradiction.
    """

    entailment: int
    contradiction: int
    neutral: int | None


def find_classes(id2label: Mapping[int, str]) -> Classes:
    """Find the classes of an NLI model by name, in whatever order they are.

    Raises ModelFormatError rather than guess: a wrong class gives plausible scores that mean the opposite.
    """
    names = {int(i): re.sub(r"[\W_]+", " ", str(name)).strip().casefold() for i, name in id2label.items()}
    entailment = [i for i, name in names.items() if name.startswith("entail")]
    contradiction = [i for i, name in names.items() if name.startswith("contradict")]
    neutral = [i for i, name in names.items() if name.startswith("neutral")]
    if len(names) == 2 and not contradiction:
        contradiction = [i for i, name in names.items() if re.match(r"(not|non|no) ?entail", name)]
    if len(entailment) != 1 or len(contradiction) != 1 or len(neutral) > 1:
        listed = ", ".join(str(name) for _, name in sorted(id2label.items()))
        raise ModelFormatError(
            f"This is not a usable NLI model: among its classes ({listed}) one must be named “entailment” "
            "and one “contradiction” (or, of two, “not_entailment”)."
        )
    return Classes(entailment[0], contradiction[0], neutral[0] if neutral else None)


def softmax(logits: Floats) -> Floats:
    """Softmax over the last axis; shifted by the maximum, so that large logits do not overflow."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def single_label(logits: Floats, classes: Classes) -> Floats:
    """Exactly one label is true: softmax of the entailment logits over the labels. [labels, classes] ->
    [labels].

    A single label would always get 1; it is judged as in ``multi_label``, as transformers does.
    """
    if len(logits) == 1:
        return multi_label(logits, classes)
    return softmax(logits[:, classes.entailment])


def multi_label(logits: Floats, classes: Classes) -> Floats:
    """Each label for itself: softmax of entailment against contradiction. [labels, classes] -> [labels]."""
    return softmax(logits[:, [classes.contradiction, classes.entailment]])[:, 1]


def three_way(logits: Floats) -> Floats:
    """Probabilities of all classes of each pair, summing to one. [..., classes] -> [..., classes]."""
    return softmax(logits)


def ranking(scores: Floats) -> list[int]:
    """Indices of the scores, best first.

    The very call that transformers makes, so that equal scores come in the same order on the same machine
    (there the order of exactly equal scores is numpy's: not promised, but the same for the same ties).
    """
    return [int(i) for i in scores.argsort()[::-1]]

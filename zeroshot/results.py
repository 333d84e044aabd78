"""What a classification returns: scores, and everything needed to explain them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FITS = 0.5
"""A label fits when, leaving neutral aside, entailment is more probable than contradiction."""


@dataclass(frozen=True)
class Judgement:
    """What the model thinks of one label.  Probabilities are over the classes of the model and sum to one.

    For two-class models ``neutral`` is None and ``contradiction`` means "not entailed". ``logits`` are in
    the order entailment, neutral (if any), contradiction; over several windows they are the mean.
    """

    label: str
    hypothesis: str
    entailment: float
    neutral: float | None
    contradiction: float
    logits: tuple[float, ...]

    @property
    def support(self) -> float:
        """Entailment against contradiction alone, 0..1: the label's score in multi-label mode."""
        total = self.entailment + self.contradiction
        return self.entailment / total if total else 0.5


@dataclass(frozen=True)
class Classification:
    """The labels of one text, best first, with their scores and how they came about.

    ``tokens`` are the tokens of the text, ``tokens_read`` those that the model saw (of the longest cut, when
    labels leave different room); ``windows`` the number of overlapping pieces it was read in. ``pairs``
    counts (piece, label) pairs; ``seconds`` is the time that this text took, its share of it when texts were
    computed together.
    """

    sequence: str
    labels: list[str]
    scores: list[float]
    judgements: list[Judgement]
    multi_label: bool
    model: str
    device: str
    precision: str
    hypothesis_template: str
    pairs: int
    seconds: float
    tokens: int
    tokens_read: int
    windows: int

    @property
    def truncated(self) -> bool:
        """Whether the end of the text was not read."""
        return self.tokens_read < self.tokens

    @property
    def no_label_fits(self) -> bool:
        """Single-label scores always crown someone; this says that the model supports none of the labels."""
        return not self.multi_label and all(judgement.support < FITS for judgement in self.judgements)

    def to_dict(self) -> dict[str, Any]:
        """The dictionary that transformers' zero-shot pipeline returns."""
        return {"sequence": self.sequence, "labels": list(self.labels), "scores": list(self.scores)}

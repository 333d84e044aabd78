"""The reference model against the scores that its own card prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeroshot.models.catalogue import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOLERANCE = 5e-4
"""The card's scores were printed by older versions of the libraries, in float32."""


@dataclass(frozen=True)
class CardExample:
    """One example of the card and the scores printed there."""

    text: str
    labels: tuple[str, ...]
    templates: tuple[str, ...]
    """Those it may have been printed with; the Russian one had the default template of its day."""
    scores: Mapping[str, float]


CARD_EXAMPLES = (
    CardExample(
        "За кого вы голосуете в 2020 году?",
        ("Europe", "public health", "politics"),
        ("This text is {}.", "This example is {}."),
        {"politics": 0.90485, "Europe": 0.05722, "public health": 0.03793},
    ),
    CardExample(
        "¿A quién vas a votar en 2020?",
        ("Europa", "salud pública", "política"),
        ("Este ejemplo es {}.",),
        {"política": 0.91096, "Europa": 0.05955, "salud pública": 0.02949},
    ),
)


@dataclass(frozen=True)
class Check:
    """How far one example with one template is from the card."""

    example: CardExample
    template: str
    scores: Mapping[str, float]

    @property
    def difference(self) -> float:
        """The largest difference of a score from the card's."""
        return max(abs(self.scores[label] - score) for label, score in self.example.scores.items())

    @property
    def passed(self) -> bool:
        """Whether every score is the card's."""
        return self.difference <= TOLERANCE


def run(classify: Callable[[str, list[str], str], Mapping[str, float]]) -> list[Check]:
    """Every example with every template it may have had.

    Args:
        classify: text, labels, template -> score by label, with the reference model in float32.
    """
    return [
        Check(example, template, classify(example.text, list(example.labels), template))
        for example in CARD_EXAMPLES
        for template in example.templates
    ]


def agrees(checks: list[Check]) -> bool:
    """Whether each example matches the card with at least one of its templates."""
    return all(any(check.passed for check in checks if check.example is example) for example in CARD_EXAMPLES)


__all__ = ["CARD_EXAMPLES", "REFERENCE", "Check", "agrees", "run"]

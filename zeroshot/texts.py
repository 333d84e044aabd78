"""The texts to classify: checked one by one, and taken in batches of a bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeroshot.errors import TextError, ZeroShotError
from zeroshot.labels import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BATCH_CHARACTERS = 200_000
BATCH_PAIRS = 2_048
"""Texts are taken from a stream until one of these is reached: enough for the engine to sort by length and
fill its chunks, little enough that memory does not depend on the length of the stream."""


def iterate(sequences: Iterable[str]) -> Iterator[str]:
    """An iterator over the texts, or TextError for what cannot be iterated."""
    try:
        return iter(sequences)
    except TypeError:
        raise TextError("The text must be a string, or a list of strings.") from None


def checked(text: str, index: int | None) -> str:
    """Return a text that can be classified, or raise TextError that names it by its place in the list."""
    which = "The text" if index is None else f"Text number {index + 1}"
    if not isinstance(text, str):
        raise TextError(f"{which} is not a string but {type(text).__name__}: give strings only.")
    if is_blank(text):
        raise TextError(f"{which} is empty: write or paste something to classify.")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise TextError(f"{which} contains a broken character (half of a surrogate pair): type it again.")
    return text


def batches(texts: Iterable[str], labels: int) -> Iterator[list[str]]:
    """Lists of texts of a bounded size; at least one text each.

    When a text is refused, those before it are handed on first.
    """
    batch: list[str] = []
    characters = 0
    try:
        for text in texts:
            batch.append(text)
            characters += len(text)
            if characters >= BATCH_CHARACTERS or len(batch) * labels >= BATCH_PAIRS:
                yield batch
                batch, characters = [], 0
    except ZeroShotError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch

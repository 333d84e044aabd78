"""Long texts: how much of one the model reads, and how to read all of it in overlapping windows."""

from __future__ import annotations

from typing import NamedTuple

OVERLAP = 0.25
"""Share of a window that it has in common with the next at least: enough for a few sentences of context."""


class Span(NamedTuple):
    """Tokens ``start`` to ``stop`` (not included) of a text."""

    start: int
    stop: int


def spans(tokens: int, room: int, *, windows: bool) -> list[Span]:
    """The pieces of a text of ``tokens`` tokens to read, when ``room`` tokens fit beside the hypothesis.

    Without windows: one piece, the beginning. With windows: as few pieces of equal length as cover the text
    with an overlap of at least a quarter, spread evenly, so that the last is as long as the others and sees
    as much context.
    """
    if tokens <= room:
        return [Span(0, tokens)]
    if not windows:
        return [Span(0, room)]
    stride = max(1, room - int(room * OVERLAP))
    count = 1 + -(-(tokens - room) // stride)
    last = tokens - room
    starts = [last * i // (count - 1) for i in range(count)]
    return [Span(start, start + room) for start in starts]

"""The words that mattered: the text is judged again without each of them, by the same pipeline.

A word is credited with the pipeline's score of the whole text minus that of the text without the word, in the
mode that is on screen; nothing here scores in another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from zeroshot.errors import TextError
from zeroshot.labels import is_blank
from zeroshot.ui import wording

if TYPE_CHECKING:
    import threading

    from zeroshot.pipeline import ZeroShotPipeline

MAX_PAIRS = 600
"""Pairs that one explanation may cost; of long texts and many labels, neighbouring words go together."""
MAX_CHARACTERS = 6000
"""Beyond what the model reads at once, nothing could matter."""


@dataclass(frozen=True)
class Weighed:
    """Pieces of the text in order, and by how much the score falls without each (None: not a word)."""

    base: float
    pieces: list[tuple[str, float | None]]


def split_words(text: str, pieces: Sequence[str] | None = None) -> list[str]:
    """The text cut between words; joined they are the text again.

    Args:
        pieces: the cuts of the visitor's browser, which knows where Thai and Chinese words end. Used if they
            are a cut of this text; otherwise words are what stands between spaces.
    """
    if pieces and all(isinstance(piece, str) for piece in pieces) and "".join(pieces) == text:
        return list(pieces)
    return re.findall(r"\w+|\W+", text)


def group(pieces: Sequence[str], most: int) -> list[str]:
    """At most about `most` pieces that hold a word, by joining neighbours."""
    words = sum(not _is_gap(piece) for piece in pieces)
    each = -(-words // max(1, most))
    grouped: list[str] = []
    held = each
    for piece in pieces:
        if _is_gap(piece):
            if 0 < held < each:
                grouped[-1] += piece
            else:
                grouped.append(piece)
        elif held < each and grouped:
            grouped[-1] += piece
            held += 1
        else:
            grouped.append(piece)
            held = 1
    return grouped


def _is_gap(piece: str) -> bool:
    return not any(c.isalnum() for c in piece)


def weigh(
    pipe: ZeroShotPipeline,
    text: str,
    labels: Sequence[str],
    label: str,
    template: str,
    multi_label: bool,
    pieces: Sequence[str] | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancel: threading.Event | None = None,
) -> Weighed:
    """How much each word of `text` adds to the score of `label`.

    Raises:
        TextError: the text is too long for its words to be told apart.
        ZeroShotError: whatever the pipeline raises.
    """
    if len(text) > MAX_CHARACTERS:
        raise TextError(
            f"Words are weighed in texts of up to {MAX_CHARACTERS:,} characters: shorten the text."
        )
    asked = [label] if multi_label else list(labels)
    cut = group(split_words(text, pieces), max(8, MAX_PAIRS // len(asked)))
    without = ["".join(cut[:i] + cut[i + 1 :]) for i in range(len(cut))]
    places = [i for i, piece in enumerate(cut) if not _is_gap(piece) and not is_blank(without[i])]
    results = pipe(
        [text, *(without[i] for i in places)],
        asked,
        hypothesis_template=template,
        multi_label=multi_label,
        progress=progress,
        cancel=cancel,
    )
    scores = [result.scores[result.labels.index(label)] for result in results]
    drops = dict(zip(places, (scores[0] - score for score in scores[1:]), strict=True))
    return Weighed(scores[0], [(piece, drops.get(i)) for i, piece in enumerate(cut)])


def told(sentence: str) -> str:
    """A sentence in place of the words."""
    return f'<div class="zs-answer"><p class="zs-help">{escape(sentence)}</p></div>'


def under_way(done: int, total: int) -> str:
    """While it lasts."""
    return told(f"Asking again without each word… {done:,} of {total:,}")


def words_html(weighed: Weighed, label: str) -> str:
    """The text with its words shaded by what they add (or take), and the strongest in words."""
    drops = [drop for _, drop in weighed.pieces if drop is not None]
    if not drops:
        return told("There is only one word here: it is all that mattered.")
    top = max(abs(drop) for drop in drops) or 1.0
    shaded = "".join(_shaded(piece, drop, top) for piece, drop in weighed.pieces)
    best = sorted(((d, p.strip()) for p, d in weighed.pieces if d is not None and d > 0), reverse=True)[:3]
    strongest = ", ".join(f"<bdi>{escape(word)}</bdi> +{drop * 100:.1f}" for drop, word in best)
    summary = f"Most for it: {strongest} points." if best else "No single word speaks for it."
    return (
        '<div class="zs-answer"><p class="zs-why-head">What each word adds to '
        f"<bdi>{escape(label)}</bdi>, {wording.percent(weighed.base)}</p>"
        f'<p class="zs-shaded" dir="auto">{shaded}</p><p class="zs-help">{summary} '
        "Measured by asking again without the word.</p></div>"
    )


def _shaded(piece: str, drop: float | None, top: float) -> str:
    if drop is None or abs(drop) < 0.02 * top:
        return escape(piece)
    kind = "for" if drop > 0 else "against"
    return (
        f'<mark class="zs-{kind}" style="--zs-weight:{abs(drop) / top * 55:.0f}%" '
        f'title="{drop * 100:+.1f} points">{escape(piece)}</mark>'
    )

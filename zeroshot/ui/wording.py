"""The page's sentences, and how it writes numbers. Errors of the core bring their own sentence."""

from __future__ import annotations

from html import escape

TITLE = "Polyglot zero-shot"
TAGLINE = "Sort any text into any labels, in fifteen languages, with no training."

TEXT_LABEL = "Text"
TEXT_PLACEHOLDER = "Type or paste a text in your language…"
LABELS_LABEL = "Labels"
LABELS_PLACEHOLDER = "politics, sports, “food, drink”, music"
TEMPLATE_LABEL = "Hypothesis template: the sentence to judge, {} is the label"
MULTI_LABEL = "More than one label may be true"
MODEL_LABEL = "Model"
RUN = "Classify"
STOP = "Stop"
KEYS = 'or <kbd class="zs-key">Ctrl</kbd> <kbd class="zs-key">Enter</kbd> in any box'

NO_TEXT = "There is no text: type or paste one."
NO_PREMISE = "There is no premise: type the text to start from."
NO_HYPOTHESIS = "There is no hypothesis: type the sentence to test against the premise."
NOT_A_FLAG = "multi_label must be true or false, without quotes."
STOPPED = "Stopped. What you typed is untouched."
WAITING_FOR_MODEL = "The model is loading. Your answer comes as soon as it is there."
WORKING = "Reading…"
UNEXPECTED = "Something went wrong on our side. What you typed is safe: try again."

EMPTY = (
    "<p>Type a text and a few labels, then press <strong>Classify</strong>. "
    "The model judges one sentence per label, and the bars show how true it finds each.</p>"
)
NO_LABEL_FITS = (
    "<strong>No label fits well.</strong> The model finds none of these sentences true of the text. "
    "Scores of one-label answers always add up to 100%, so one label comes first all the same."
)


def too_long_text(length: int, limit: int) -> str:
    """For a text above the limit, both in characters."""
    return f"The text has {length:,} characters: shorten it to at most {limit:,}."


def truncated(read: int, tokens: int) -> str:
    """For a text whose end was not read; counts in tokens."""
    return (
        f"<strong>Only the beginning was read:</strong> {read:,} of {tokens:,} tokens ({read / tokens:.0%}). "
        "The model reads about 512 tokens at a time."
    )


def busy(active: int, retry_after: int) -> str:
    """When `active` requests are being computed and one more comes; time in seconds."""
    return f"{active} requests are being answered right now: try again in about {retry_after} s."


def progress(done: int, total: int) -> str:
    """While pairs of text and hypothesis are judged."""
    return f"{done:,} of {total:,} judged"


def answered_by(asked: str, used: str, why: str) -> str:
    """When another model than the chosen one gave the answer."""
    return f"{asked} {why} This answer is from {used}."


def size(count: int) -> str:
    """Bytes as people read them: 2.2 GB, 77 MB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def percent(share: float) -> str:
    """0.90485 -> 90.5%."""
    return f"{share * 100:.1f}%"


def seconds(time: float) -> str:
    """0.043 -> 43 ms; 2.31 -> 2.3 s."""
    return f"{time * 1000:.0f} ms" if time < 1 else f"{time:.1f} s"


def plural(count: int, noun: str) -> str:
    """1 pair, 3 pairs, 1,200 pairs."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def card(kind: str, inner_html: str) -> str:
    """A framed message: `kind` is `info`, `warn` or `error`; `inner_html` is already safe."""
    role = "alert" if kind == "error" else "note"
    return f'<div class="zs-card zs-{kind}" role="{role}">{inner_html}</div>'


def error_card(sentence: str) -> str:
    """An error's own sentence, as text."""
    return card("error", f"<p>{escape(sentence)}</p>")

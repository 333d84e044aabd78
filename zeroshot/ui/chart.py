"""A classification as HTML: bars, and the sentence and the three probabilities behind each.

Own markup rather than a plot: labels stay text (any script, any length, selectable, never read as a file or
as HTML), percents keep a decimal, and a screen reader gets a table. What the browser needs for downloads and
for explanations lies in a data attribute of the outermost element.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from zeroshot.ui import wording

if TYPE_CHECKING:
    from zeroshot.results import Classification, Judgement

MANY = 12
"""Above so many labels the bars are drawn closer together."""
DOWNLOADS = (("png", "PNG"), ("svg", "SVG"), ("csv", "CSV"), ("json", "JSON"))


def result_html(result: Classification, title: str, note: str = "") -> str:
    """The whole result.

    Args:
        title: the model's name as people know it.
        note: one more sentence under the bars (already safe HTML), such as why another model answered.
    """
    many = " zs-many" if len(result.labels) > MANY else ""
    data = escape(json.dumps(result_data(result), ensure_ascii=False), quote=True)
    rows = "".join(
        _row(i, judgement, score, result.multi_label)
        for i, (judgement, score) in enumerate(zip(result.judgements, result.scores, strict=True))
    )
    return (
        f'<section class="zs-result" data-result="{data}" aria-label="Result">'
        f"{_warnings(result, note)}"
        f'<ol class="zs-bars{many}" aria-label="Labels, best first">{rows}</ol>'
        f"{_meta(result, title)}{_actions()}{_table(result)}"
        "</section>"
    )


def result_data(result: Classification) -> dict[str, Any]:
    """What the downloads hold: the scores as they are, not rounded. The text itself is not repeated."""
    return {
        "labels": result.labels,
        "scores": result.scores,
        "hypotheses": [j.hypothesis for j in result.judgements],
        "entailment": [j.entailment for j in result.judgements],
        "neutral": [j.neutral for j in result.judgements],
        "contradiction": [j.contradiction for j in result.judgements],
        "hypothesis_template": result.hypothesis_template,
        "multi_label": result.multi_label,
        "model": result.model,
        "device": result.device,
        "precision": result.precision,
        "tokens": result.tokens,
        "tokens_read": result.tokens_read,
        "windows": result.windows,
    }


def _row(index: int, judgement: Judgement, score: float, multi_label: bool) -> str:
    strong = score > 0.5 if multi_label else index == 0
    first = index == 0
    label = escape(judgement.label)
    return (
        f'<li class="zs-row{" zs-open" if first else ""}{" zs-strong" if strong else ""}">'
        f'<button type="button" class="zs-bar" aria-expanded="{"true" if first else "false"}" '
        f'aria-controls="zs-why-{index}">'
        f'<span class="zs-label"><bdi>{label}</bdi></span>'
        f'<span class="zs-score">{wording.percent(score)}</span>'
        f'<span class="zs-track" aria-hidden="true"><span style="width:{score * 100:.2f}%"></span></span>'
        f"</button>{_why(index, judgement)}</li>"
    )


def _why(index: int, judgement: Judgement) -> str:
    return (
        f'<div class="zs-why" id="zs-why-{index}">'
        '<p class="zs-why-head">The sentence judged</p>'
        f'<p class="zs-hypothesis" dir="auto">{escape(judgement.hypothesis)}</p>'
        f"{nli_bars(judgement.entailment, judgement.neutral, judgement.contradiction)}"
        f'<button type="button" class="zs-link" data-explain="{escape(judgement.label, quote=True)}">'
        "Which words mattered?</button>"
        '<div class="zs-words" aria-live="polite"></div></div>'
    )


def nli_bars(entailment: float, neutral: float | None, contradiction: float) -> str:
    """The NLI probabilities as bars. A two-class model has no neutral: its second class says so."""
    rows = [("True", "entailment", "yes", entailment)]
    if neutral is None:
        rows.append(("Not shown to be true", "not entailment", "no", contradiction))
    else:
        rows += [("Can’t tell", "neutral", "maybe", neutral), ("False", "contradiction", "no", contradiction)]
    return (
        '<dl class="zs-nli">'
        + "".join(
            f'<div class="zs-nli-{kind}"><dt>{word} <small>{term}</small></dt><dd>{wording.percent(share)}'
            f'<span class="zs-track" aria-hidden="true"><span style="width:{share * 100:.2f}%"></span></span>'
            "</dd></div>"
            for word, term, kind, share in rows
        )
        + "</dl>"
    )


def _warnings(result: Classification, note: str) -> str:
    parts = [wording.card("info", f"<p>{note}</p>")] if note else []
    if result.no_label_fits:
        parts.append(wording.card("warn", f"<p>{wording.NO_LABEL_FITS}</p>"))
    if result.truncated:
        parts.append(
            wording.card(
                "warn",
                f"<p>{wording.truncated(result.tokens_read, result.tokens)}</p>"
                '<button type="button" class="zs-button" data-read-all>Read it all, in windows</button>',
            )
        )
    return "".join(parts)


def _meta(result: Classification, title: str) -> str:
    read = f"{result.tokens_read:,} of {wording.plural(result.tokens, 'token')} read"
    if not result.truncated:
        read = f"all {wording.plural(result.tokens, 'token')} read"
    if result.windows > 1:
        read += f" in {result.windows:,} windows"
    facts = (
        escape(title),
        f"{escape(result.device.upper())}, {escape(result.precision)}",
        wording.seconds(result.seconds),
        wording.plural(result.pairs, "pair"),
        read,
    )
    return f'<p class="zs-meta">{"".join(f"<span>{fact}</span>" for fact in facts)}</p>'


def _actions() -> str:
    buttons = "".join(
        f'<button type="button" class="zs-button" data-download="{kind}">{name}</button>'
        for kind, name in DOWNLOADS
    )
    return (
        '<div class="zs-actions"><button type="button" class="zs-button" data-copy-link>Copy link</button>'
        f'<span class="zs-downloads" role="group" aria-label="Download">{buttons}</span>'
        '<span class="zs-link-note" role="status"></span></div>'
    )


def _table(result: Classification) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(label)}</th><td>{score * 100:.3f}%</td></tr>"
        for label, score in zip(result.labels, result.scores, strict=True)
    )
    return (
        '<table class="zs-sr"><caption>Labels and scores, best first</caption>'
        "<thead><tr><th scope=col>Label</th><th scope=col>Score</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )

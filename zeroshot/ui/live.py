"""What the page shows while someone types: the language, the labels as chips, the sentences to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from zeroshot.detection import detect_language
from zeroshot.errors import LabelError, TemplateError
from zeroshot.labels import parse_labels
from zeroshot.languages import LANGUAGES
from zeroshot.templates import DEFAULT, TEMPLATES, check_template, fill, suggest_template

if TYPE_CHECKING:
    from zeroshot.settings import Settings

DETECT_CHARS = 4000
"""The language of a long text is told from its beginning: the browser sends no more while typing."""
SHOWN = 6
"""Hypotheses in sight; the others wait behind a fold."""


@dataclass(frozen=True)
class Live:
    """Everything that follows from the form as it stands, as HTML, and the template to put in its box."""

    language: str
    labels: str
    template_help: str
    template: str


def language_of(text: str) -> str | None:
    """Code of the text's language, or None when it cannot be told."""
    found = detect_language(text[:DETECT_CHARS])
    return found.code if found else None


def template_for(text: str, template: str, mine: bool) -> str:
    """The template to use: the visitor's own if it is `mine`, else the suggestion for the text's language.

    Where the language cannot be told, the template stays as it is.
    """
    if mine:
        return template
    code = language_of(text)
    return suggest_template(code) if code else template or DEFAULT


def look(text: str, labels: str, template: str, mine: bool, settings: Settings) -> Live:
    """The form's state, for `text` (its beginning is enough), `labels` as typed and the template's box."""
    code = language_of(text)
    used = template_for(text, template, mine)
    suggestion = suggest_template(code) if code else None
    try:
        parsed = parse_labels(labels, max_labels=settings.max_labels, max_length=settings.max_label_length)
        problem = ""
    except LabelError as error:
        parsed, problem = [], str(error) if labels.strip() else ""
    return Live(
        _language(text, code), _chips(parsed, problem), _template_help(used, suggestion, code, parsed), used
    )


def _language(text: str, code: str | None) -> str:
    if code is None:
        words = "Language: not clear yet" if text.strip() else ""
        return f'<p class="zs-help">{words}</p>'
    language = LANGUAGES[code]
    english = "" if language.name == language.native_name else f" ({escape(language.name)})"
    return (
        f'<p class="zs-help">Language: <strong><bdi lang="{code}">'
        f"{escape(language.native_name)}</bdi></strong>{english}</p>"
    )


def _chips(labels: list[str], problem: str) -> str:
    if problem:
        return f'<p class="zs-help zs-problem">{escape(problem)}</p>'
    chips = "".join(f'<li class="zs-chip"><bdi>{escape(label)}</bdi></li>' for label in labels)
    return f'<ul class="zs-chips" aria-label="Labels as they were understood">{chips}</ul>' if chips else ""


def _template_help(template: str, suggestion: str | None, code: str | None, labels: list[str]) -> str:
    parts = []
    if suggestion and template != suggestion:
        parts.append(
            f'<p class="zs-help">Suggested for {escape(LANGUAGES[code or "en"].name)}: '
            f'<button type="button" class="zs-link" data-template="{escape(suggestion, quote=True)}">'
            f"<bdi>{escape(suggestion)}</bdi></button></p>"
        )
    parts.append(_alternatives(template, code))
    try:
        check_template(template)
    except TemplateError as error:
        parts.append(f'<p class="zs-help zs-problem">{escape(str(error))}</p>')
    else:
        parts.append(_hypotheses(template, labels))
    return "".join(parts)


def _alternatives(template: str, code: str | None) -> str:
    others = [other for other in TEMPLATES.get(code or "en", ())[1:] if other != template]
    if not others:
        return ""
    buttons = "".join(
        f'<li><button type="button" class="zs-link" data-template="{escape(other, quote=True)}">'
        f"<bdi>{escape(other)}</bdi></button></li>"
        for other in others
    )
    return f'<details class="zs-fold"><summary>Other ways to ask</summary><ul>{buttons}</ul></details>'


def _hypotheses(template: str, labels: list[str]) -> str:
    if not labels:
        return ""
    items = "".join(f'<li dir="auto">{escape(fill(template, label))}</li>' for label in labels)
    count = len(labels)
    name = "1 sentence will be judged" if count == 1 else f"{count} sentences will be judged"
    return (
        f'<details class="zs-fold zs-hypotheses"{" open" if count <= SHOWN else ""}>'
        f"<summary>{name}</summary><ul>{items}</ul></details>"
    )

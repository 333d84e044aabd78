"""The gallery: examples in all languages, each one click away from its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

from zeroshot.languages import LANGUAGES


@dataclass(frozen=True)
class Example:
    """One entry of `examples.json`.

    `expected` holds the labels that a careful reader would give: exactly one in single-label mode (it must
    win), any number in multi-label mode (each must score above one half).
    """

    title: str
    language: str
    domain: str
    text: str
    labels: tuple[str, ...]
    template: str
    multi_label: bool
    expected: tuple[str, ...]


def read_examples(path: Path) -> list[Example]:
    """All examples of the file, in its order; none if there is no such file."""
    if not path.is_file():
        return []
    entries = json.loads(path.read_text("utf-8"))["examples"]
    return [
        Example(
            title=entry["title"],
            language=entry["language"],
            domain=entry["domain"],
            text=entry["text"],
            labels=tuple(entry["labels"]),
            template=entry["template"],
            multi_label=entry["multi_label"],
            expected=(entry["expected"],) if isinstance(entry["expected"], str) else tuple(entry["expected"]),
        )
        for entry in entries
    ]


def gallery_html(examples: list[Example]) -> str:
    """Cards in a grid under a row of languages to choose from."""
    codes = dict.fromkeys(example.language for example in examples)
    choices = "".join(
        f'<button type="button" data-language="{code}" aria-pressed="false" '
        f'title="{LANGUAGES[code].name}">'
        f'<bdi lang="{code}">{escape(LANGUAGES[code].native_name)}</bdi></button>'
        for code in sorted(codes, key=lambda code: LANGUAGES[code].name)
    )
    cards = "".join(_card(i, example) for i, example in enumerate(examples))
    return (
        '<section class="zs-gallery" aria-labelledby="zs-gallery-title">'
        '<h2 id="zs-gallery-title">Examples</h2>'
        '<div class="zs-filter" role="group" aria-label="Show examples in">'
        f'<button type="button" data-language="" aria-pressed="true">All {len(examples)}</button>'
        f"{choices}</div>"
        f'<ul class="zs-cards">{cards}</ul></section>'
    )


def _card(index: int, example: Example) -> str:
    language = LANGUAGES[example.language]
    labels = "".join(f"<span><bdi>{escape(label)}</bdi></span>" for label in example.labels)
    mode = '<span class="zs-mode">several may be true</span>' if example.multi_label else ""
    return (
        f'<li data-language="{example.language}">'
        f'<button type="button" class="zs-example" data-example="{index}">'
        f'<span class="zs-example-head"><span class="zs-badge" title="{language.name}">'
        f'<bdi lang="{example.language}">{escape(language.native_name)}</bdi></span>'
        f'<span class="zs-domain">{escape(example.domain)}</span>{mode}</span>'
        f'<span class="zs-example-title">{escape(example.title)}</span>'
        f'<span class="zs-example-text" dir="auto" lang="{example.language}">{escape(example.text)}</span>'
        f'<span class="zs-example-labels">{labels}</span></button></li>'
    )


def as_typed(labels: tuple[str, ...]) -> str:
    """Labels as one line for the form; a label that holds a comma gets quotes."""
    return ", ".join(f'"{label}"' if any(c in label for c in ",;،、，؛；\n") else label for label in labels)

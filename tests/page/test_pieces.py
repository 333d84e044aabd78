"""The parts of the page that need no browser."""

from __future__ import annotations

import ast
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeroshot.settings import Settings, read_settings
from zeroshot.ui import code, words
from zeroshot.ui.live import look

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(TEXTS)
def test_literals_mean_the_text(text: str) -> None:
    assert ast.literal_eval(code.python_literal(text)) == text
    assert json.loads(code.json_literal(text)) == text


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_code_is_python_whatever_the_text(text: str, labels: list[str]) -> None:
    query = code.Query(text, labels, "This is {}.", multi_label=False, model="embedded")
    ast.parse(code.python_ours(query))
    ast.parse(code.python_transformers(query))


def test_invisible_characters_are_shown_in_code() -> None:
    assert code.json_literal("a\u200bb\u202ec") == '"a\\u200bb\\u202ec"'


@given(TEXTS, st.integers(1, 10))
def test_groups_are_a_cut_of_the_text(text: str, most: int) -> None:
    pieces = words.split_words(text)
    assert "".join(pieces) == text
    grouped = words.group(pieces, most)
    assert "".join(grouped) == text
    assert sum(any(c.isalnum() for c in piece) for piece in grouped) <= most


def test_cuts_of_the_browser_are_used_only_if_they_fit() -> None:
    assert words.split_words("今天下雨", ["今天", "下雨"]) == ["今天", "下雨"]
    assert words.split_words("one two", ["evil"]) == ["one", " ", "two"]


def test_weights_are_differences_of_the_pipelines_scores() -> None:
    def pipe(texts: list[str], labels: list[str], **_: Any) -> list[SimpleNamespace]:
        return [SimpleNamespace(labels=labels, scores=[len(text) / 100] * len(labels)) for text in texts]

    weighed = words.weigh(pipe, "one three", ["a", "b"], "b", "{}", False)  # type: ignore[arg-type]
    assert weighed.base == 0.09
    assert [(p, d and round(d, 4)) for p, d in weighed.pieces] == [
        ("one", 0.03),
        (" ", None),
        ("three", 0.05),
    ]


def test_live_help_escapes() -> None:
    seen = look("<b>", "<img>, ok", "<i>{}", True, Settings())
    assert "<img>" not in seen.labels + seen.template_help
    assert "&lt;i&gt;&lt;img&gt;" in seen.template_help


def test_arguments_win_over_the_environment() -> None:
    settings = read_settings(
        ["--model", "a", "--port", "1"], {"ZEROSHOT_MODEL": "b", "ZEROSHOT_DEVICE": "cpu"}
    )
    assert (settings.model, settings.port, settings.device, settings.precision) == ("a", 1, "cpu", "auto")
    with pytest.raises(SystemExit):
        read_settings([], {"ZEROSHOT_PRECISION": "int2"})

"""The gallery: what is in the file, what a click does, and that the model agrees with a careful reader."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.sync_api import expect

from tests.page.conftest import ROOT, Tab
from zeroshot.labels import parse_labels
from zeroshot.languages import LANGUAGES
from zeroshot.templates import check_template
from zeroshot.ui.gallery import Example, as_typed, read_examples

EXAMPLES = read_examples(ROOT / "examples.json")


def test_file_is_broad_and_sound() -> None:
    assert len(EXAMPLES) >= 30
    languages = Counter(example.language for example in EXAMPLES)
    assert set(languages) == set(LANGUAGES)
    assert min(languages.values()) >= 2
    assert {"news", "support ticket", "review", "intent", "emotion"} <= {e.domain for e in EXAMPLES}
    assert {e.multi_label for e in EXAMPLES} == {True, False}
    assert len({e.text for e in EXAMPLES}) == len(EXAMPLES)
    for example in EXAMPLES:
        check_template(example.template)
        assert set(example.expected) <= set(example.labels)
        assert example.multi_label or len(example.expected) == 1
        assert parse_labels(as_typed(example.labels)) == list(example.labels)


def test_card_of_the_reference_model_comes_first() -> None:
    russian, spanish = EXAMPLES[:2]
    assert russian.text == "За кого вы голосуете в 2020 году?"
    assert as_typed(russian.labels) == "Europe, public health, politics"
    assert spanish.text == "¿A quién vas a votar en 2020?"
    assert as_typed(spanish.labels) == "Europa, salud pública, política"
    assert spanish.template == "Este ejemplo es {}."


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.language}-{e.title}")
def test_reader_and_embedded_model_agree(example: Example) -> None:
    from zeroshot import get_pipeline

    result = get_pipeline("embedded")(
        example.text,
        list(example.labels),
        hypothesis_template=example.template,
        multi_label=example.multi_label,
    )
    scores = dict(zip(result.labels, result.scores, strict=True))
    if example.multi_label:
        assert all(scores[label] > 0.5 for label in example.expected), scores
    else:
        assert result.labels[0] == example.expected[0], scores


def test_one_click_fills_and_runs(tab: Tab) -> None:
    tab.open().page.locator("[data-example='0']").click()
    tab.answered(EXAMPLES[0].text)
    expect(tab.labels).to_have_value("Europe, public health, politics")
    expect(tab.template).to_have_value(EXAMPLES[0].template)
    expect(tab.result).to_be_in_viewport()
    several = next(i for i, example in enumerate(EXAMPLES) if example.multi_label)
    tab.page.locator(f"[data-example='{several}']").click()
    tab.answered(EXAMPLES[several].text)
    expect(tab.multi).to_be_checked()
    assert len(tab.bars()) == len(EXAMPLES[several].labels)


def test_cards_of_one_language(tab: Tab) -> None:
    tab.open().page.locator(".zs-filter [data-language=sw]").click()
    expect(tab.page.locator(".zs-cards > li:visible")).to_have_count(2)
    tab.page.locator(".zs-filter [data-language='']").click()
    expect(tab.page.locator(".zs-cards > li:visible")).to_have_count(len(EXAMPLES))

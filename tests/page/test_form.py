"""Typing: language, template, labels, sentences; and nothing typed is ever lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Tab
from zeroshot.templates import suggest_template

GERMAN = "Der Trainer war nach dem Spiel sehr zufrieden mit der Leistung seiner Mannschaft."
SPANISH = "El equipo ganó el partido y los aficionados celebraron toda la noche en las calles."


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        (GERMAN, "de", "Deutsch (German)"),
        ("За кого вы голосуете в 2020 году?", "ru", "Русский (Russian)"),
        ("ارتفعت أسعار النفط اليوم إلى أعلى مستوى لها منذ عامين.", "ar", "العربية (Arabic)"),
        ("The match was stopped twice because of heavy rain.", "en", "English"),
        ("新的高铁线路今天正式开通，从北京到上海只需要四个小时。", "zh", "中文 (Chinese)"),
    ],
)
def test_language_and_template_follow_the_text(tab: Tab, text: str, code: str, shown: str) -> None:
    tab.open().text.fill(text)
    expect(tab.page.locator("#zs-language")).to_contain_text(f"Language: {shown}")
    expect(tab.template).to_have_value(suggest_template(code))


def test_own_template_is_kept_and_one_click_brings_the_suggestion_back(tab: Tab) -> None:
    tab.open().text.fill(SPANISH)
    expect(tab.template).to_have_value(suggest_template("es"))
    tab.template.fill("Aquí se habla de {}.")
    tab.text.fill(GERMAN)
    expect(tab.page.locator("#zs-language")).to_contain_text("German")
    expect(tab.page.locator("#zs-template-help")).to_contain_text("Suggested for German")
    expect(tab.template).to_have_value("Aquí se habla de {}.")
    tab.page.locator("#zs-template-help p [data-template]").click()
    expect(tab.template).to_have_value(suggest_template("de"))
    tab.text.fill(SPANISH)
    expect(tab.template).to_have_value(suggest_template("es"))


def test_own_template_is_used_even_when_run_at_once(tab: Tab) -> None:
    tab.open().fill(GERMAN, "sports, politics")
    tab.template.fill("It deals with {}.")
    tab.page.keyboard.press("Control+Enter")
    tab.answered(GERMAN)
    expect(tab.page.locator(".zs-open .zs-hypothesis")).to_contain_text("It deals with")
    expect(tab.template).to_have_value("It deals with {}.")


def test_suggestion_is_used_even_when_run_before_it_is_shown(tab: Tab) -> None:
    tab.open().fill(SPANISH, "deporte, política")
    tab.page.keyboard.press("Control+Enter")
    tab.answered(SPANISH)
    expect(tab.page.locator(".zs-open .zs-hypothesis")).to_contain_text("Este texto trata sobre")
    expect(tab.template).to_have_value(suggest_template("es"))


def test_template_stays_when_the_language_cannot_be_told(tab: Tab) -> None:
    tab.open().text.fill(SPANISH)
    expect(tab.template).to_have_value(suggest_template("es"))
    tab.text.fill("12345 !!")
    expect(tab.page.locator("#zs-language")).to_contain_text("not clear")
    expect(tab.template).to_have_value(suggest_template("es"))


def test_labels_become_chips_and_sentences(tab: Tab) -> None:
    tab.open().fill(GERMAN, "Sport، Politik；“Essen, Trinken”\nSport, a{}b")
    chips = tab.page.locator(".zs-chip")
    expect(chips).to_have_text(["Sport", "Politik", "Essen, Trinken", "a{}b"])
    sentences = tab.page.locator(".zs-hypotheses li")
    expect(sentences).to_have_count(4)
    expect(sentences.last).to_have_text("In diesem Text geht es um das Thema a{}b.")


def test_what_was_typed_survives_a_reload(tab: Tab) -> None:
    tab.open().fill(GERMAN, "Sport, Politik")
    tab.template.fill("Es geht um {}.")
    tab.multi.check()
    expect(tab.page.locator(".zs-hypotheses")).to_contain_text("Es geht um Sport.")
    tab.page.wait_for_function("JSON.parse(sessionStorage['zeroshot-form']).multi === true")
    tab.page.reload()
    expect(tab.text).to_have_value(GERMAN)
    expect(tab.labels).to_have_value("Sport, Politik")
    expect(tab.template).to_have_value("Es geht um {}.")
    expect(tab.multi).to_be_checked()
    expect(tab.result).to_have_count(0)  # nothing was run, so nothing runs


def test_two_tabs_do_not_mix(tab: Tab) -> None:
    tab.open().text.fill(GERMAN)
    other = Tab(tab.page.context.new_page(), tab.url).open()
    expect(other.text).to_have_value("")
    other.classify(SPANISH, "deporte, política")
    expect(tab.text).to_have_value(GERMAN)
    expect(tab.result).to_have_count(0)

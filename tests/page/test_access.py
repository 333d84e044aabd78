"""Keyboard only, screen readers, phones, right to left, dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.page.conftest import Server, Tab


def violations(tab: Tab, axe: str) -> list[str]:
    tab.page.evaluate(f"{axe};0")
    found = tab.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{v['impact']} {v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_violation_in_any_state(server: Server, browser: Browser, axe: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    tab = Tab(context.new_page(), server.url).open()
    assert violations(tab, axe) == []
    tab.run.click()
    expect(tab.page.locator("#zs-text")).to_contain_text("There is no text")
    assert violations(tab, axe) == []
    tab.classify("The team won the cup. " * 200, "politics, sports, music")
    tab.page.get_by_text("The same from a program").click()
    expect(tab.page.locator("#zs-code-python")).to_be_visible()
    assert violations(tab, axe) == []
    tab.page.get_by_role("tab", name="Premise and hypothesis").click()
    tab.page.locator("#zs-premise textarea").fill("The team won. <sep> This is about sports.")
    tab.page.keyboard.press("Control+Enter")
    expect(tab.page.locator(".zs-nli-result")).to_be_visible()
    assert violations(tab, axe) == []
    context.close()


def test_keyboard_only(tab: Tab) -> None:
    keys = tab.open().page.keyboard
    tab.text.focus()
    keys.type("The team won the cup.")
    keys.press("Tab")
    expect(tab.labels).to_be_focused()
    keys.type("politics, sports, music")
    keys.press("Control+Enter")
    tab.answered("The team won the cup.")
    for _ in range(40):
        keys.press("Tab")
        if tab.page.evaluate("document.activeElement.classList.contains('zs-bar')"):
            break
    expect(tab.page.locator(".zs-bar").first).to_be_focused()
    keys.press("ArrowDown")
    second = tab.page.locator(".zs-row").nth(1)
    expect(second.locator(".zs-bar")).to_be_focused()
    expect(second.locator(".zs-bar")).to_have_attribute("aria-expanded", "true")
    expect(second.locator(".zs-why")).to_be_visible()


def test_screen_readers_hear_the_answer(tab: Tab) -> None:
    tab.open().classify("The team won the cup.", "politics, sports")
    label, score = tab.bars()[0]
    expect(tab.page.locator("#zs-say")).to_contain_text(f"best first: {label} {score:.1f}%")


def test_phone(phone: Tab) -> None:
    phone.open().classify("The team won the cup. " * 300, "politics, " + "long " * 15 + ", " + "x" * 100)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    order = [phone.text, phone.labels, phone.template, phone.run, phone.result]
    tops = [(place.bounding_box() or {"y": -1})["y"] for place in order]
    assert tops == sorted(tops)
    phone.page.locator(".zs-bar").nth(1).tap()
    why = phone.page.locator(".zs-row").nth(1).locator(".zs-why")
    expect(why).to_be_visible()
    box = why.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_arabic_reads_from_the_right(phone: Tab) -> None:
    text = "ارتفعت أسعار النفط اليوم إلى أعلى مستوى لها منذ عامين."
    phone.open().classify(text, "الاقتصاد، الرياضة، Euro 2024")
    for box in (phone.text, phone.labels, phone.template):
        assert box.evaluate("box => getComputedStyle(box).direction") == "rtl"
    assert {name for name, _ in phone.bars()} == {"الاقتصاد", "الرياضة", "Euro 2024"}
    hypothesis = phone.page.locator(".zs-why:visible .zs-hypothesis")
    assert hypothesis.evaluate("e => getComputedStyle(e).direction") == "rtl"
    phone.text.fill("Back to English.")
    assert phone.text.evaluate("box => getComputedStyle(box).direction") == "ltr"

"""The address bar holds the query; opening it elsewhere gives the same answer."""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.sync_api import Browser, expect

from tests.page.conftest import Server, Tab

TEXT = "Кто победит на выборах? 100% & «всё», a=b #1 😀"


def test_round_trip_in_another_browser_and_after_a_restart(
    server: Server, browser: Browser, tab: Tab
) -> None:
    tab.open().fill(TEXT, 'политика, "еда, напитки", a&b=c#d')
    tab.template.fill("Речь идёт о теме «{}».")
    tab.multi.check()
    tab.page.keyboard.press("Control+Enter")
    tab.answered(TEXT)
    bars = tab.bars()
    suffix = tab.page.url.removeprefix(server.url)
    assert len(bars) == 3
    restarted = Server().wait()
    context = browser.new_context()
    try:
        other = Tab(context.new_page(), restarted.url)
        other.page.goto(restarted.url + suffix)  # no waiting: the first visitor may be faster than the model
        other.answered(TEXT)
        expect(other.text).to_have_value(TEXT)
        expect(other.template).to_have_value("Речь идёт о теме «{}».")
        expect(other.multi).to_be_checked()
        assert other.bars() == bars
        other.clean()
    finally:
        context.close()
        printed = restarted.stop()
    assert "Кто победит" not in printed
    assert "политика" not in printed


def test_query_of_a_link_reaches_no_server(tab: Tab) -> None:
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.open("#" + urlencode({"text": "secret words of mine", "labels": "sports, politics"}))
    tab.answered("secret words of mine")
    assert not any("secret" in address for address in asked)


def test_link_with_a_query_string_works_too(tab: Tab) -> None:
    query = {"text": "The team won.", "labels": "sports, politics", "template": "It is {}.", "multi": "1"}
    tab.open("?" + urlencode(query))
    tab.answered("The team won.")
    expect(tab.template).to_have_value("It is {}.")
    expect(tab.multi).to_be_checked()
    assert tab.page.url.startswith(f"{tab.url}#text=")


def test_link_opened_in_a_tab_that_has_the_page(tab: Tab) -> None:
    tab.open().classify("The team won.", "sports, politics")
    tab.page.goto(tab.url + "#" + urlencode({"text": "The soup was cold.", "labels": "praise, complaint"}))
    tab.answered("The soup was cold.")
    expect(tab.labels).to_have_value("praise, complaint")


def test_link_to_an_unknown_model_still_answers(tab: Tab) -> None:
    tab.open("#" + urlencode({"text": "The team won.", "labels": "sports, politics", "model": "evil/model"}))
    tab.answered("The team won.")
    expect(tab.page.locator("#zs-model input")).to_have_value("Embedded (small, offline)")


def test_too_long_for_a_link_says_so(tab: Tab) -> None:
    text = "Слово за словом. " * 200
    tab.open().classify(text, "sports, politics")
    assert tab.page.url == tab.url
    expect(tab.page.locator(".zs-link-note")).to_contain_text("too long for a link")
    tab.page.reload()
    expect(tab.text).to_have_value(text)


def test_copy_link(tab: Tab) -> None:
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.open().classify("The team won.", "sports, politics")
    tab.page.locator("[data-copy-link]").click()
    expect(tab.page.locator(".zs-link-note")).to_contain_text("clipboard")
    assert tab.page.evaluate("navigator.clipboard.readText()") == tab.page.url

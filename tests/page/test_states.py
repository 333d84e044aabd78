"""Empty, wrong, hostile, too much, loading, unreachable: a sentence for each, and nothing typed is lost."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from tests.page.conftest import ROOT, Server, Tab

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</textarea><script>alert(2)</script>",
    "results.json",
    "${alert(3)}",
    "{{this}}",
    "a{}b",
    "😀👩\u200d👩\u200d👧",
    "zero\u200bwidth",
    "\u202eright to left",
    "العربية",
    "&lt b &amp",
    "x" * 100,
]


def test_empty_page_says_what_to_do(tab: Tab) -> None:
    tab.open()
    expect(tab.page.locator(".zs-empty")).to_contain_text("Type a text and a few labels")
    tab.run.click()
    expect(tab.page.locator("#zs-text")).to_contain_text("There is no text")
    expect(tab.page.locator("#zs-labels")).to_contain_text("There is no label")


@pytest.mark.parametrize(
    ("labels", "template", "sentence"),
    [
        (", ,;", "", "There is no label"),
        (",".join(f"l{i}" for i in range(101)), "", "101 labels"),
        ("y" * 101, "", "101 characters"),
        ("a, b", "This {x} is {}.", "braces"),
        ("a, b", "No place", "has no {}"),
        ("a, b", "{} and {}", "more than one {}"),
    ],
)
def test_wrong_input_gets_a_sentence(tab: Tab, labels: str, template: str, sentence: str) -> None:
    tab.open().fill("The team won the cup.", labels)
    if template:
        tab.template.fill(template)
    tab.run.click()
    expect(tab.page.locator("#zs-template" if template else "#zs-labels")).to_contain_text(sentence)
    expect(tab.text).to_have_value("The team won the cup.")
    expect(tab.labels).to_have_value(labels)
    expect(tab.result).to_have_count(0)


def test_hostile_labels_and_text_are_text(tab: Tab) -> None:
    text = " ".join(HOSTILE)
    typed = (f'"{label}"' if ";" in label else label for label in HOSTILE)  # a bare semicolon separates
    tab.open().classify(text, "\n".join(typed))
    assert {name for name, _ in tab.bars()} == set(HOSTILE)
    expect(tab.page.locator(".zs-chip")).to_have_count(len(HOSTILE))
    expect(tab.text).to_have_value(text)
    expect(tab.page.locator("#zs-result img, #zs-chips img, #zs-template-help img")).to_have_count(0)


def test_a_megabyte_is_read_as_far_as_possible(tab: Tab) -> None:
    text = "The council met and talked about the budget. " * 23_000
    tab.open().classify(text, "politics, sports")
    expect(tab.result).to_contain_text("Only the beginning was read")
    assert tab.text.input_value() == text


def test_beyond_the_limit_is_refused(tab: Tab) -> None:
    tab.open().fill("x " * 1_000_001, "politics, sports")
    tab.run.click()
    expect(tab.page.locator("#zs-text")).to_contain_text("shorten it to at most 2,000,000")


def test_model_that_cannot_be_fetched(tab: Tab) -> None:
    tab.open().fill("The team won the cup.", "politics, sports")
    tab.page.locator("#zs-model input").click()
    tab.page.get_by_role("option", name="reference").click()
    expect(tab.page.locator("#zs-model-help")).to_contain_text("cannot be reached")
    expect(tab.page.locator("#zs-model input")).to_have_value(re.compile("reference"))
    tab.run.click()
    tab.answered("The team won the cup.")
    expect(tab.result).to_contain_text("This answer is from Embedded")


HOLD = """
import os, time
import zeroshot.pipeline
load = zeroshot.pipeline.get_pipeline
def hold(*args):
    while not os.path.exists(os.environ["MAY_LOAD"]):
        time.sleep(0.05)
    return load(*args)
zeroshot.pipeline.get_pipeline = hold
"""


def test_first_visitor_is_too_fast_and_gets_the_answer(browser: Browser, tmp_path: Path) -> None:
    """Busy as long as the model loads, then the answer.  The model waits for the test: no race."""
    (tmp_path / "sitecustomize.py").write_text(HOLD, "utf-8")
    may_load = tmp_path / "may-load"
    server = Server(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}", MAY_LOAD=str(may_load)).wait()
    context = browser.new_context()
    try:
        tab = Tab(context.new_page(), server.url)
        tab.page.goto(server.url + "#text=The+team+won.&labels=sports,politics")
        expect(tab.status).to_contain_text("loading")
        may_load.touch()
        tab.answered("The team won.")
        expect(tab.status).to_be_hidden()
        tab.clean()
    finally:
        context.close()
        server.stop()


def test_server_gone(browser: Browser) -> None:
    server = Server().wait()
    context = browser.new_context()
    try:
        tab = Tab(context.new_page(), server.url).open()
        tab.fill("The team won.", "sports, politics")
        server.stop()
        tab.run.click()
        expect(tab.page.locator("#zs-gone")).to_contain_text("What you typed is kept")
        expect(tab.text).to_have_value("The team won.")
    finally:
        context.close()
        server.stop()


def test_page_needs_nothing_from_elsewhere(server: Server, browser: Browser) -> None:
    """Every request to another host fails; the page must neither try one nor miss it."""
    context = browser.new_context()
    tab = Tab(context.new_page(), server.url)
    context.route(lambda address: not address.startswith(server.url), lambda route: route.abort())
    failed: list[str] = []
    tab.page.on("requestfailed", lambda request: failed.append(request.url))
    tab.open().classify("The team won the cup.", "sports, politics")
    tab.page.get_by_role("tab", name="Premise and hypothesis").click()
    tab.page.get_by_role("tab", name="Classify").click()
    tab.clean()
    assert not [address for address in failed if not address.startswith(server.url)]
    context.close()

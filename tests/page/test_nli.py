"""The tab for a premise and a hypothesis."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Tab
from zeroshot.ui.raw_pair import split_raw_pair

PREMISE = "За кого вы голосуете в 2020 году?"
HYPOTHESIS = "This text is about politics."


@pytest.mark.parametrize(
    "raw",
    [
        f"{PREMISE} <sep> {HYPOTHESIS}",
        f"{PREMISE}</s></s>{HYPOTHESIS}",
        f"<s>{PREMISE}</s></s> {HYPOTHESIS}</s>",
        f"[CLS] {PREMISE} [SEP] {HYPOTHESIS} [SEP]",
    ],
)
def test_raw_forms(raw: str) -> None:
    assert split_raw_pair(raw, "") == (PREMISE, HYPOTHESIS)
    assert split_raw_pair(raw, "other") == (raw, "other")


def test_one_sentence_is_no_pair() -> None:
    assert split_raw_pair(PREMISE, " ") == (PREMISE, " ")


def test_raw_and_two_boxes_agree_with_the_pipeline(tab: Tab) -> None:
    from zeroshot import get_pipeline

    tab.open().page.get_by_role("tab", name="Premise and hypothesis").click()
    premise, hypothesis = (
        tab.page.locator("#zs-premise textarea"),
        tab.page.locator("#zs-hypothesis textarea"),
    )
    premise.fill(f"{PREMISE} <sep> {HYPOTHESIS}")
    tab.page.keyboard.press("Control+Enter")
    shares = tab.page.locator(".zs-nli-result dd")
    expect(shares).to_have_count(3)
    raw = [share.strip() for share in shares.all_inner_texts()]
    truth = get_pipeline("embedded").nli(PREMISE, HYPOTHESIS)
    assert raw == [f"{truth[name] * 100:.1f}%" for name in ("entailment", "neutral", "contradiction")]
    premise.fill(PREMISE)
    hypothesis.fill("<b>This</b> is about food.")
    tab.page.locator("button#zs-nli-run").click()
    expect(tab.page.locator(".zs-nli-result")).to_contain_text("<b>This</b> is about food.")


def test_what_is_missing_is_said(tab: Tab) -> None:
    tab.open().page.get_by_role("tab", name="Premise and hypothesis").click()
    tab.page.locator("button#zs-nli-run").click()
    expect(tab.page.locator("#zs-nli-status")).to_contain_text("There is no premise")
    tab.page.locator("#zs-premise textarea").fill(PREMISE)
    tab.page.locator("button#zs-nli-run").click()
    expect(tab.page.locator("#zs-nli-status")).to_contain_text("There is no hypothesis")

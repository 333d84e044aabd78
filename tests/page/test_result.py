"""The answer: bars, reasons, warnings, words, downloads."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from xml.etree import ElementTree as ET

from playwright.sync_api import expect

from tests.page.conftest import Tab

TEXT = "The striker scored in the last minute and the fans celebrated all night."


def test_bars_are_sorted_and_add_up(tab: Tab) -> None:
    tab.open().classify(TEXT, "politics, sports, music, food")
    bars = tab.bars()
    assert sorted(name for name, _ in bars) == ["food", "music", "politics", "sports"]
    assert [score for _, score in bars] == sorted((score for _, score in bars), reverse=True)
    assert abs(sum(score for _, score in bars) - 100) < 0.3
    table = tab.page.locator("#zs-result table.zs-sr tbody tr")
    expect(table).to_have_count(4)
    meta = tab.page.locator(".zs-meta")
    for fact in ("Embedded", "CPU", "4 pairs", "tokens read"):
        expect(meta).to_contain_text(fact)


def test_hover_and_click_show_the_reason(tab: Tab) -> None:
    tab.open().classify(TEXT, "politics, sports, music")
    for i in (1, 2):
        tab.page.locator(".zs-bar").nth(i).hover()
        expect(tab.page.locator(".zs-why:visible")).to_have_count(1)
        label = tab.page.locator(".zs-bar .zs-label").nth(i).inner_text()
        expect(tab.page.locator(".zs-why:visible .zs-hypothesis")).to_have_text(
            f"This text is about {label}."
        )
    tab.page.locator(".zs-bar").nth(1).click()
    tab.page.locator("h1").hover()
    expect(tab.page.locator(".zs-row").nth(1).locator(".zs-why")).to_be_visible()
    shares = tab.page.locator(".zs-why:visible dd").all_inner_texts()
    assert len(shares) == 3
    assert abs(sum(float(share.strip()[:-1]) for share in shares) - 100) < 0.3


def test_scores_are_those_of_the_pipeline(tab: Tab) -> None:
    from zeroshot import get_pipeline

    tab.open().classify(TEXT, "politics, sports, music")
    data = json.loads(tab.page.locator("[data-result]").get_attribute("data-result") or "")
    labels = ["politics", "sports", "music"]
    result = get_pipeline("embedded")(TEXT, labels, hypothesis_template="This text is about {}.")
    assert data["labels"] == result.labels
    assert max(abs(a - b) for a, b in zip(data["scores"], result.scores, strict=True)) < 1e-5


def test_one_label_and_a_hundred(tab: Tab) -> None:
    tab.open().classify(TEXT, "sports")
    expect(tab.rows).to_have_count(1)
    many = [f"subject {i}" for i in range(100)]
    tab.labels.fill(", ".join(many))
    tab.run.click()
    expect(tab.rows).to_have_count(100)
    assert {name for name, _ in tab.bars()} == set(many)
    tab.page.locator(".zs-bar").nth(99).hover()
    why = tab.page.locator(".zs-why:visible")
    expect(why).to_have_count(1)
    box, whole = why.bounding_box(), tab.result.bounding_box()
    assert box
    assert whole
    assert box["y"] + box["height"] <= whole["y"] + whole["height"] + 1


def test_result_of_an_older_form_is_marked(tab: Tab) -> None:
    tab.open().classify(TEXT, "politics, sports")
    expect(tab.page.locator("#zs-result")).not_to_have_class("zs-stale")
    tab.text.fill(TEXT + " Really?")
    expect(tab.page.locator(".zs-stale")).to_have_count(1)


def test_long_text_says_what_was_read_and_reads_it_all(tab: Tab) -> None:
    tab.open().classify("The team won again. " * 200, "sports, politics")
    expect(tab.result).to_contain_text("Only the beginning was read")
    tab.page.locator("[data-read-all]").click()
    expect(tab.page.locator(".zs-meta")).to_contain_text("windows")
    expect(tab.page.locator(".zs-meta")).to_contain_text("all ")


def test_stop_really_stops(tab: Tab) -> None:
    text = "The council met again and nobody knew what it would decide. " * 1500
    tab.open().fill(text, ", ".join(f"subject {i}" for i in range(20)))
    tab.run.click()
    tab.answered(text)
    tab.page.locator("[data-read-all]").click()
    tab.stop.click()
    started = time.monotonic()
    expect(tab.status).to_contain_text("Stopped", timeout=60_000)
    assert time.monotonic() - started < 60
    expect(tab.text).to_have_value(text)
    expect(tab.stop).to_be_hidden()


def test_words_that_mattered_start_from_the_score_on_screen(tab: Tab) -> None:
    tab.open().classify(TEXT, "politics, sports")
    label, score = tab.bars()[0]
    tab.page.locator(".zs-why:visible [data-explain]").click()
    words = tab.page.locator(".zs-why:visible .zs-words")
    expect(words.locator(".zs-shaded")).to_have_text(TEXT)
    expect(words).to_contain_text(f"What each word adds to {label}, {score:.1f}%")


def test_downloads(tab: Tab) -> None:
    labels = ["=SUM(A1)", 'a <b> & "c"', "الرياضة والسياسة", "x" * 90]
    tab.open().classify(TEXT, "\n".join(labels))
    files: dict[str, bytes] = {}
    for kind in ("json", "csv", "svg", "png"):
        with tab.page.expect_download() as waiting:
            tab.page.locator(f"[data-download={kind}]").click()
        assert waiting.value.suggested_filename == f"classification.{kind}"
        files[kind] = Path(waiting.value.path()).read_bytes()
    data = json.loads(files["json"])
    assert sorted(data["labels"]) == sorted(labels)
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    assert [row["label"].lstrip("'") for row in rows] == data["labels"]
    assert [float(row["score"]) for row in rows] == data["scores"]
    assert not any(row["label"].startswith("=") for row in rows)
    drawn = "".join(ET.fromstring(files["svg"]).itertext())
    assert 'a <b> & "c"' in drawn
    assert files["png"].startswith(b"\x89PNG")

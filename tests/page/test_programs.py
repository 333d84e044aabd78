"""What the code panel shows really runs and gives what is on screen; `/classify` as programs use it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import expect

from tests.page.conftest import ROOT, Server, Tab

TEXT = 'L\'équipe a gagné "la coupe" \\ {hier} $HOME `id`\nà 20 h 😀'
LABELS = "sport, l'économie, a{}b"


def snippet(tab: Tab, key: str) -> str:
    return tab.page.locator(f"#zs-code-{key} code").text_content() or ""


def with_code(tab: Tab) -> Tab:
    """The page opened, and its code panel: Gradio renders what is folded when it is unfolded."""
    tab.open().page.get_by_text("The same from a program").click()
    return tab


def shown(tab: Tab) -> dict[str, float]:
    data = json.loads(tab.page.locator("[data-result]").get_attribute("data-result") or "")
    return dict(zip(data["labels"], data["scores"], strict=True))


def printed(output: str) -> dict[str, float]:
    return {label: float(score) for score, label in (line.split("  ", 1) for line in output.splitlines())}


def run(*command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_code_panel_gives_what_is_on_screen(tab: Tab) -> None:
    with_code(tab).fill(TEXT, LABELS)
    tab.multi.check()
    tab.run.click()
    tab.answered(TEXT)
    expect(tab.page.locator("#zs-code-python code")).to_contain_text("multi_label=True")
    scores = shown(tab)
    for key, tolerance in (("python", 1e-4), ("transformers", 0.03)):  # the page may run in less precision
        given = printed(run(sys.executable, "-c", snippet(tab, key)))
        assert given.keys() == scores.keys()
        assert max(abs(given[label] - scores[label]) for label in scores) < tolerance
    answer = run("bash", "-c", snippet(tab, "curl"))
    [data] = [line for line in answer.splitlines() if line.startswith("data: ")]
    given = json.loads(data.removeprefix("data: "))[0]
    assert dict(zip(given["labels"], given["scores"], strict=True)) == pytest.approx(scores, abs=1e-5)
    assert given["sequence"] == TEXT
    assert json.dumps("a{}b") in snippet(tab, "javascript")


def test_python_of_transformers_is_exact_in_float32(tab: Tab) -> None:
    from zeroshot import get_pipeline

    with_code(tab).classify(TEXT, LABELS)
    given = printed(run(sys.executable, "-c", snippet(tab, "transformers")))
    template = tab.template.input_value()
    labels = ["sport", "l'économie", "a{}b"]
    result = get_pipeline("embedded", precision="float32")(TEXT, labels, hypothesis_template=template)
    assert given == pytest.approx(dict(zip(result.labels, result.scores, strict=True)), abs=2e-5)


def test_long_texts_are_read_from_a_file(tab: Tab) -> None:
    with_code(tab).fill("The team won the cup. " * 400, "sports, politics")
    expect(tab.page.locator("#zs-code-python code")).to_contain_text('open("text.txt"')
    ast.parse(snippet(tab, "python"))
    ast.parse(snippet(tab, "transformers"))
    assert "@body.json" in snippet(tab, "curl")


def test_tabs_by_keyboard_and_copy(tab: Tab) -> None:
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.open().fill("The team won the cup.", "sports, politics")
    tab.page.get_by_text("The same from a program").click()
    tab.page.locator("#zs-tab-python").press("ArrowRight")
    expect(tab.page.locator("#zs-code-transformers")).to_be_visible()
    expect(tab.page.locator("#zs-code-python")).to_be_hidden()
    tab.page.locator("#zs-code-transformers [data-copy-code]").click()
    expect(tab.page.locator("#zs-code-transformers [data-copy-code]")).to_have_text("Copied")
    assert tab.page.evaluate("navigator.clipboard.readText()") == snippet(tab, "transformers")


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    return Client(server.url, verbose=False)


def test_api_is_classify_and_nothing_else(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert list(endpoints) == ["/classify"]
    names = [parameter["parameter_name"] for parameter in endpoints["/classify"]["parameters"]]
    assert names == ["text", "candidate_labels", "hypothesis_template", "multi_label", "model"]


def test_api_answers_like_the_pipeline(client: Client) -> None:
    from zeroshot import get_pipeline

    labels = ["politics", "sports, games"]
    answer = client.predict(text="The team won.", candidate_labels=labels, api_name="/classify")
    result = get_pipeline("embedded")("The team won.", labels)
    assert answer["labels"] == result.labels
    assert answer["scores"] == pytest.approx(result.scores, abs=1e-5)
    assert answer["hypotheses"] == [judgement.hypothesis for judgement in result.judgements]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"text": " "}, "There is no text"),
        ({"candidate_labels": ""}, "There is no label"),
        ({"candidate_labels": 5}, "Labels must be text"),
        ({"hypothesis_template": "{} {}"}, "more than one {}"),
        ({"multi_label": "false"}, "true or false"),
        ({"model": "../../etc/passwd"}, "choose one of embedded"),
        ({"model": "facebook/bart-large-mnli"}, "not on this machine yet"),
    ],
)
def test_api_errors_are_the_same_sentences(client: Client, arguments: dict[str, Any], sentence: str) -> None:
    whole = {"text": "The team won.", "candidate_labels": "sports, politics", **arguments}
    with pytest.raises(AppError, match=sentence.replace("{", r"\{").replace("}", r"\}")):
        client.predict(**whole, api_name="/classify")


def test_forty_at_once(server: Server) -> None:
    clients = [Client(server.url, verbose=False) for _ in range(4)]
    jobs = [
        clients[i % 4].submit(
            text=f"The team won {i} cups.", candidate_labels="sports, politics", api_name="/classify"
        )
        for i in range(40)
    ]
    answers = [job.result(timeout=300) for job in jobs]
    assert [answer["sequence"] for answer in answers] == [f"The team won {i} cups." for i in range(40)]

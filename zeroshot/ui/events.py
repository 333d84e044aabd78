"""What happens when: typing, running, stopping, choosing a model, an example, a link."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from zeroshot.errors import LabelError
from zeroshot.labels import parse_labels
from zeroshot.templates import DEFAULT
from zeroshot.ui import code
from zeroshot.ui.gallery import as_typed
from zeroshot.ui.live import DETECT_CHARS, look, template_for

if TYPE_CHECKING:
    from gradio.events import Dependency

    from zeroshot.ui.answers import Answers, Shown
    from zeroshot.ui.gallery import Example
    from zeroshot.ui.layout import ClassifyTab, NliTab

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
UNQUEUED: dict[str, Any] = {**PRIVATE, "queue": False}
AT_ONCE: dict[str, Any] = {**PRIVATE, "concurrency_limit": None, "trigger_mode": "multiple"}

# While typing only the beginning of a long text travels; one character more tells that there is more.
_HEAD = f"(text, ...rest) => [text.slice(0, {DETECT_CHARS + 1}), ...rest]"
_SAVE = "(...form) => { window.zs.save(...form); }"


def connect_typing(tab: ClassifyTab, answers: Answers) -> None:
    """Language, template, chips, hypotheses and code follow the form; the browser remembers it."""
    form = [tab.text, tab.labels, tab.template, tab.multi_label, tab.model, tab.mine]

    def follow(
        text: str, labels: str, template: str, multi_label: bool, model: str, mine: bool, request: gr.Request
    ) -> list[Any]:
        seen = look(text, labels, template, mine, answers.settings)
        query = code.Query(
            text=text if len(text) <= DETECT_CHARS else None,
            labels=_parsed(labels, answers),
            template=seen.template,
            multi_label=multi_label,
            model=model,
        )
        return [
            seen.language,
            seen.labels,
            seen.template_help,
            gr.skip() if seen.template == template else seen.template,
            code.panel(query, _address(request)),
        ]

    gr.on(
        [tab.text.change, tab.labels.change, tab.template.change, tab.multi_label.change, tab.model.change],
        follow,
        form,
        [tab.language, tab.chips, tab.template_help, tab.template, tab.code],
        js=_HEAD,
        trigger_mode="always_last",
        **UNQUEUED,
    )
    gr.on(
        [tab.text.change, tab.labels.change, tab.template.change, tab.multi_label.change, tab.model.change],
        None,
        form,
        js=_SAVE,
    )
    tab.template_help.choose(_choose_template, tab.text, [tab.template, tab.mine], **UNQUEUED)


def _choose_template(text: str, event: gr.EventData) -> tuple[str, bool]:
    """The suggestion, taken, goes on following the language; another template is the visitor's own."""
    template = str(event.template)
    return template, template != template_for(text, template, mine=False)


def connect_runs(tab: ClassifyTab, answers: Answers) -> None:
    """Classify, stop, read the whole text, and open a link."""
    form = [tab.text, tab.labels, tab.template, tab.multi_label, tab.model, tab.mine]
    outputs = [tab.status, tab.result, tab.template, tab.stop]

    async def run(
        text: str, labels: str, template: str, multi: bool, model: str, mine: bool, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        async for shown in answers.show(text, labels, template, multi, model, mine, request):
            yield _parts(shown, template)

    async def read_all(
        text: str, labels: str, template: str, multi: bool, model: str, mine: bool, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        async for shown in answers.show(text, labels, template, multi, model, mine, request, windows=True):
            yield _parts(shown, template)

    def valid(text: str, labels: str, template: str, _multi: bool, _model: str, mine: bool) -> list[Any]:
        return [*answers.check(text, labels, template, mine), *[gr.validate(True, "")] * 3]

    started = "(...form) => { window.zs.started(...form); return form; }"
    finished = "(template) => { window.zs.finished(template); }"
    for trigger, work in ((tab.run.click, run), (tab.result.readall, read_all)):
        event = trigger(work, form, outputs, js=started, validator=valid, **AT_ONCE)
        event.success(None, tab.template, js=finished)

    async def explain(event: gr.EventData, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for shown in answers.explain(event._data, request):  # noqa: SLF001
            yield [_part(shown.result), gr.update(visible=True if shown.busy else "hidden")]

    tab.result.explain(explain, None, [tab.words, tab.stop], **AT_ONCE)

    tab.words.change(None, None, js="() => { window.zs.explained(); }")

    def stop(request: gr.Request) -> None:
        answers.runs.stop(request)

    tab.stop.click(stop, None, None, **UNQUEUED)


def connect_start(tab: ClassifyTab, page: gr.Blocks, answers: Answers) -> Dependency:
    """Fill the form from the link or the browser's memory when the page opens; run what a link asks for.

    Returns the event that has filled the form.
    """
    form = [tab.text, tab.labels, tab.template, tab.multi_label, tab.model, tab.mine]
    names, default = json.dumps(answers.models.names()), json.dumps(answers.models.default)
    restore = f"() => window.zs.restore({names}, {default}, {json.dumps(DEFAULT)})"
    run = '() => { if (window.zs.runAtStart) setTimeout(() => window.zs.click("#zs-run"), 50); }'

    def whose(text: str, template: str) -> bool:
        """Whether a template that came with a text is somebody's own; a suggestion goes on following."""
        return template != template_for(text, template, mine=False)

    for trigger in (tab.from_link.click, page.load):
        filled = trigger(None, None, form, js=restore)
        known = filled.then(whose, [tab.text, tab.template], tab.mine, js=_HEAD, **UNQUEUED)
        known.then(None, js=run)
    return filled


def connect_gallery(tab: ClassifyTab, examples: list[Example]) -> None:
    """One click fills the form and runs it."""

    def pick(event: gr.EventData) -> list[Any]:
        example = examples[int(event.index)]
        own = template_for(example.text, example.template, mine=False) != example.template
        return [example.text, as_typed(example.labels), example.template, example.multi_label, own]

    filled = tab.gallery.pick(
        pick, None, [tab.text, tab.labels, tab.template, tab.multi_label, tab.mine], **UNQUEUED
    )
    filled.then(None, js='() => { window.zs.click("#zs-run"); window.zs.toResult(); }')


def connect_nli(tab: NliTab, model: gr.Dropdown, answers: Answers) -> None:
    """Judge one pair with the model that is chosen in the other tab."""

    async def judge(
        premise: str, hypothesis: str, name: str, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        async for shown in answers.nli(premise, hypothesis, name, request):
            yield [_part(shown.status), _part(shown.result)]

    tab.run.click(judge, [tab.premise, tab.hypothesis, model], [tab.status, tab.result], **AT_ONCE)


def connect_api(answers: Answers) -> None:
    """`/classify`, for programs."""

    async def classify(
        text: str,
        candidate_labels: list[str] | str,
        hypothesis_template: str | None = None,
        multi_label: bool = False,
        model: str | None = None,
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> dict[str, Any]:
        return await answers.classify(
            text, candidate_labels, hypothesis_template, multi_label, model, request
        )

    api(
        classify,
        api_name="classify",
        api_description=(
            "Sort a text into labels. candidate_labels: a list, or one string with commas. "
            "hypothesis_template: a sentence with one {} (default “This example is {}.”). "
            "model: a catalogue name (default: the page's). "
            "Returns labels and scores, best first, with hypotheses and NLI probabilities in the same order."
        ),
        concurrency_limit=None,
    )


def _parts(shown: Shown, template: str) -> list[Any]:
    """A moment of a run as values of status, result, template and the stop button."""
    return [
        _part(shown.status),
        _part(shown.result),
        gr.skip() if shown.template in (None, template) else shown.template,
        gr.update(visible=True if shown.busy else "hidden"),
    ]


def _part(html: str | None) -> Any:
    return gr.skip() if html is None else html


def _parsed(labels: str, answers: Answers) -> list[str]:
    settings = answers.settings
    try:
        return parse_labels(labels, max_labels=settings.max_labels, max_length=settings.max_label_length)
    except LabelError:
        return []


def _address(request: gr.Request) -> str:
    """Where the page is served, as the visitor's browser sees it, without a slash at the end."""
    headers = request.headers
    host = headers.get("x-forwarded-host") or headers.get("host") or "127.0.0.1:7860"
    inner = request.request
    scheme = headers.get("x-forwarded-proto") or (inner.url.scheme if inner else "http")
    root = inner.scope.get("root_path", "") if inner else ""
    return f"{scheme.split(',')[0]}://{host}{root}".rstrip("/")


__all__ = [
    "connect_api",
    "connect_gallery",
    "connect_nli",
    "connect_runs",
    "connect_start",
    "connect_typing",
]

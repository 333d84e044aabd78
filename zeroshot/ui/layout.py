"""What is where on the page. Components only; what happens between them is in `events`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from zeroshot.templates import DEFAULT
from zeroshot.ui import wording
from zeroshot.ui.gallery import gallery_html

if TYPE_CHECKING:
    from zeroshot.ui.gallery import Example
    from zeroshot.ui.models import Models

# A click inside own markup becomes a Gradio event with the data that the markup carries.
_FROM_RESULT = """element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches("[data-read-all]")) trigger("readall");
  if (button?.matches("[data-explain]") && window.zs.shown)
    trigger("explain", window.zs.explain(button));
});"""
_FROM_TEMPLATE_HELP = """element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-template]");
  if (button) trigger("choose", { template: button.dataset.template });
});"""
_FROM_GALLERY = """element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-example]");
  if (button) trigger("pick", { index: Number(button.dataset.example) });
});"""


@dataclass
class ClassifyTab:
    """The form and its answer.

    `mine` is a hidden box, ticked once the visitor has written the template; the browser's side ticks it at
    the first keystroke, so that no suggestion on its way from the server can overtake it.
    """

    text: gr.Textbox
    labels: gr.Textbox
    template: gr.Textbox
    multi_label: gr.Checkbox
    model: gr.Dropdown
    mine: gr.Checkbox
    run: gr.Button
    stop: gr.Button
    from_link: gr.Button
    language: gr.HTML
    chips: gr.HTML
    template_help: gr.HTML
    model_help: gr.HTML
    status: gr.HTML
    result: gr.HTML
    words: gr.HTML
    code: gr.HTML
    gallery: gr.HTML


@dataclass
class NliTab:
    """Premise and hypothesis, and what the model makes of them."""

    premise: gr.Textbox
    hypothesis: gr.Textbox
    run: gr.Button
    status: gr.HTML
    result: gr.HTML


def header() -> None:
    """Name and purpose, and the place that tells screen readers what has changed."""
    gr.HTML(
        f'<header class="zs-head"><h1>{wording.TITLE}</h1><p>{wording.TAGLINE}</p>'
        '<div id="zs-say" class="zs-sr" role="status" aria-live="polite"></div></header>'
    )


def classify_tab(models: Models, examples: list[Example]) -> ClassifyTab:
    """Form, answer, code, gallery, from top to bottom."""
    with gr.Row(elem_id="zs-form"):
        with gr.Column(min_width=0, elem_id="zs-what"):
            text = gr.Textbox(
                label=wording.TEXT_LABEL,
                placeholder=wording.TEXT_PLACEHOLDER,
                lines=5,
                max_lines=14,
                elem_id="zs-text",
                autofocus=True,
            )
            language = gr.HTML(elem_id="zs-language")
        with gr.Column(min_width=0, elem_id="zs-which"):
            labels = gr.Textbox(
                label=wording.LABELS_LABEL,
                placeholder=wording.LABELS_PLACEHOLDER,
                lines=1,
                max_lines=5,
                elem_id="zs-labels",
            )
            chips = gr.HTML(elem_id="zs-chips")
            template = gr.Textbox(
                DEFAULT, label=wording.TEMPLATE_LABEL, lines=1, max_lines=3, elem_id="zs-template"
            )
            template_help = gr.HTML(elem_id="zs-template-help", js_on_load=_FROM_TEMPLATE_HELP)
        with gr.Column(min_width=0, elem_id="zs-how"):
            multi_label = gr.Checkbox(False, label=wording.MULTI_LABEL, container=False, elem_id="zs-multi")
            model = gr.Dropdown(
                models.choices(),
                value=models.default,
                label=wording.MODEL_LABEL,
                filterable=False,
                elem_id="zs-model",
            )
            model_help = gr.HTML(elem_id="zs-model-help")
    with gr.Row(elem_id="zs-start"):
        run = gr.Button(wording.RUN, variant="primary", scale=0, min_width=220, elem_id="zs-run")
        stop = gr.Button(
            wording.STOP, variant="stop", visible="hidden", scale=0, min_width=110, elem_id="zs-stop"
        )
        gr.HTML(f'<p class="zs-help">{wording.KEYS}</p>', elem_id="zs-keys")
    status = gr.HTML(elem_id="zs-status")
    result = gr.HTML(
        f'<div class="zs-empty">{wording.EMPTY}</div>', elem_id="zs-result", js_on_load=_FROM_RESULT
    )
    with gr.Accordion("The same from a program", open=False, elem_id="zs-code"):
        code = gr.HTML()
    gallery = gr.HTML(gallery_html(examples), elem_id="zs-gallery", js_on_load=_FROM_GALLERY)
    return ClassifyTab(
        text=text,
        labels=labels,
        template=template,
        multi_label=multi_label,
        model=model,
        mine=gr.Checkbox(False, visible="hidden", elem_id="zs-mine"),
        run=run,
        stop=stop,
        from_link=gr.Button(visible="hidden", elem_id="zs-from-link"),
        language=language,
        chips=chips,
        template_help=template_help,
        model_help=model_help,
        status=status,
        result=result,
        words=gr.HTML(visible="hidden", elem_id="zs-words-from-server"),
        code=code,
        gallery=gallery,
    )


def nli_tab() -> NliTab:
    """What is beneath every bar: does the text make the sentence true?"""
    gr.HTML(
        '<p class="zs-help">Beneath every score is one question: given this text, is that sentence true? '
        "Ask it here yourself. The first box also takes both at once, as "
        "<code>premise &lt;sep&gt; hypothesis</code>.</p>"
    )
    with gr.Column(elem_id="zs-nli"):
        with gr.Row():
            premise = gr.Textbox(
                label="Premise",
                placeholder="За кого вы голосуете в 2020 году? <sep> This text is about politics.",
                lines=4,
                max_lines=12,
                elem_id="zs-premise",
            )
            hypothesis = gr.Textbox(
                label="Hypothesis",
                placeholder="This text is about politics.",
                lines=4,
                max_lines=12,
                elem_id="zs-hypothesis",
            )
        with gr.Row():
            run = gr.Button("Judge", variant="primary", scale=0, min_width=220, elem_id="zs-nli-run")
        status = gr.HTML(elem_id="zs-nli-status")
        result = gr.HTML(elem_id="zs-nli-result")
    return NliTab(premise, hypothesis, run, status, result)

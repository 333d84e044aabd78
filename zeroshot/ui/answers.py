"""From a filled form to an answer: the functions behind the page's buttons and behind `/classify`.

They are async: the event loop only follows the work, which runs in `Runs`' threads, so that a visitor who
leaves or presses Stop is noticed between two chunks of it.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from zeroshot.errors import Cancelled, InputError, LabelError, TemplateError, TextError, ZeroShotError
from zeroshot.labels import is_blank, parse_labels
from zeroshot.templates import check_template
from zeroshot.ui import chart, wording, words
from zeroshot.ui.live import template_for
from zeroshot.ui.raw_pair import split_raw_pair
from zeroshot.ui.runs import ReplacedError, Run, Runs

if TYPE_CHECKING:
    from zeroshot.results import Classification
    from zeroshot.settings import Settings
    from zeroshot.ui.models import Models


@dataclass(frozen=True)
class Shown:
    """What the page shows at one moment of a run. None leaves a part as it is."""

    status: str | None = None
    result: str | None = None
    template: str | None = None
    busy: bool = False


class Answers:
    """Everything that a visitor or a program can ask of one server."""

    def __init__(self, settings: Settings, models: Models) -> None:
        self.settings = settings
        self.models = models
        self.runs = Runs(settings.max_active)

    def check(self, text: str, labels: str, template: str, mine: bool) -> list[dict[str, Any]]:
        """Gradio's validation of text, labels and template, in this order, before the queue."""
        return [
            _validated(self._check_text, text),
            _validated(self._check_labels, labels),
            _validated(check_template, template) if mine else gr.validate(True, ""),
        ]

    def _check_text(self, text: str) -> None:
        if not isinstance(text, str) or is_blank(text):
            raise TextError(wording.NO_TEXT)
        if len(text) > self.settings.max_text:
            raise TextError(wording.too_long_text(len(text), self.settings.max_text))

    def _check_labels(self, labels: str | list[str]) -> None:
        parse_labels(labels, max_labels=self.settings.max_labels, max_length=self.settings.max_label_length)

    async def show(
        self,
        text: str,
        labels: str,
        template: str,
        multi_label: bool,
        model: str,
        mine: bool,
        request: gr.Request,
        *,
        windows: bool = False,
    ) -> AsyncIterator[Shown]:
        """Classify for the page: progress if it takes long, then the result, or the sentence of the error."""
        template = template_for(text, template, mine)
        note = ""

        def work(run: Run[Classification]) -> Classification:
            nonlocal note
            pipe, note = self.models.answering(model, run.cancel)
            return pipe(
                text,
                labels,
                hypothesis_template=template,
                multi_label=multi_label,
                windows=windows,
                max_labels=self.settings.max_labels,
                max_label_length=self.settings.max_label_length,
                progress=run.progress,
                cancel=run.cancel,
            )

        try:
            async for state in self.runs.follow(work, request):
                if isinstance(state, Run):
                    yield Shown(status=self._busy(state), template=template, busy=True)
                else:
                    html = chart.result_html(state, self.models.title(state.model), escape(note))
                    yield Shown(status="", result=html, template=template)
        except ReplacedError:
            return
        except Cancelled:
            yield Shown(status=wording.card("info", f"<p>{wording.STOPPED}</p>"))
        except ZeroShotError as error:
            yield Shown(status=wording.error_card(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the visitor gets a sentence
            _report(error)
            yield Shown(status=wording.error_card(wording.UNEXPECTED))

    def _busy(self, run: Run[Any]) -> str:
        if not self.models.is_ready:
            sentence, bar = wording.WAITING_FOR_MODEL, ""
        elif run.total:
            sentence = wording.progress(run.done, run.total)
            bar = f'value="{run.done}" max="{run.total}"'
        else:
            sentence, bar = wording.WORKING, ""
        return (
            f'<div class="zs-card zs-info zs-busy" role="status"><p>{sentence}</p>'
            f'<progress {bar} aria-label="Progress"></progress></div>'
        )

    async def nli(
        self, premise: str, hypothesis: str, model: str, request: gr.Request
    ) -> AsyncIterator[Shown]:
        """The three-way view of one pair, in two boxes or, in the premise's, in the raw form of widgets."""
        premise, hypothesis = split_raw_pair(premise, hypothesis)
        if is_blank(premise) or is_blank(hypothesis):
            yield Shown(
                status=wording.error_card(wording.NO_PREMISE if is_blank(premise) else wording.NO_HYPOTHESIS)
            )
            return
        note = ""

        def work(run: Run[dict[str, float]]) -> dict[str, float]:
            nonlocal note
            pipe, note = self.models.answering(model, run.cancel)
            return pipe.nli(premise, hypothesis)

        try:
            async for state in self.runs.follow(work, request):
                if isinstance(state, Run):
                    yield Shown(status=self._busy(state), busy=True)
                else:
                    yield Shown(status="", result=_nli_html(premise, hypothesis, state, note))
        except ReplacedError:
            return
        except Cancelled:
            yield Shown(status=wording.card("info", f"<p>{wording.STOPPED}</p>"))
        except ZeroShotError as error:
            yield Shown(status=wording.error_card(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the visitor gets a sentence
            _report(error)
            yield Shown(status=wording.error_card(wording.UNEXPECTED))

    async def explain(self, query: dict[str, Any], request: gr.Request) -> AsyncIterator[Shown]:
        """The words that mattered for one label of the query that the visitor's browser holds."""

        def work(run: Run[str]) -> str:
            pipe, _ = self.models.answering(str(query["model"]), run.cancel)
            labels = parse_labels(
                str(query["labels"]),
                max_labels=self.settings.max_labels,
                max_length=self.settings.max_label_length,
            )
            weighed = words.weigh(
                pipe,
                str(query["text"]),
                labels,
                str(query["label"]),
                str(query["template"]),
                bool(query["multi"]),
                query.get("pieces"),
                progress=run.progress,
                cancel=run.cancel,
            )
            return words.words_html(weighed, str(query["label"]))

        try:
            async for state in self.runs.follow(work, request):
                if isinstance(state, Run):
                    yield Shown(result=words.under_way(state.done, state.total), busy=True)
                else:
                    yield Shown(result=state)
        except ReplacedError:
            yield Shown(result=words.told(""))
        except ZeroShotError as error:
            yield Shown(result=words.told(str(error)))
        except Exception as error:  # noqa: BLE001
            _report(error)
            yield Shown(result=words.told(wording.UNEXPECTED))

    async def classify(
        self,
        text: str,
        candidate_labels: list[str] | str,
        hypothesis_template: str | None,
        multi_label: bool,
        model: str | None,
        request: gr.Request | None,
    ) -> dict[str, Any]:
        """Classify for a program.

        Raises:
            gr.Error: with the sentence of whatever was wrong.
        """

        def work(run: Run[Classification]) -> Classification:
            return self.models.exactly(model, run.cancel)(
                text,
                candidate_labels,
                hypothesis_template=hypothesis_template,
                multi_label=multi_label,
                max_labels=self.settings.max_labels,
                max_label_length=self.settings.max_label_length,
                cancel=run.cancel,
            )

        try:
            _check_flag(multi_label)
            self._check_text(text)
            self._check_labels(candidate_labels)
            if hypothesis_template is not None:
                check_template(hypothesis_template)
            async for state in self.runs.follow(work, request, replace=False):
                result = state
        except ZeroShotError as error:
            raise gr.Error(str(error), print_exception=False) from None
        except Exception as error:  # noqa: BLE001
            _report(error)
            raise gr.Error(wording.UNEXPECTED, print_exception=False) from None
        assert not isinstance(result, Run)  # a run ends with its result, or with an error
        return {**result.to_dict(), **chart.result_data(result)}


def _check_flag(multi_label: object) -> None:
    if not isinstance(multi_label, bool):  # "false" is true to Python
        raise InputError(wording.NOT_A_FLAG)


def _report(error: Exception) -> None:
    """Where it went wrong, for whoever runs the server; not the message, which may quote a visitor's text."""
    print(f"Unexpected {type(error).__name__}:", file=sys.stderr)
    traceback.print_tb(error.__traceback__)


def _validated(check: Any, value: Any) -> dict[str, Any]:
    try:
        check(value)
    except (TextError, LabelError, TemplateError) as error:
        return gr.validate(False, str(error))
    return gr.validate(True, "")


def _nli_html(premise: str, hypothesis: str, shares: dict[str, float], note: str) -> str:
    bars = chart.nli_bars(
        shares["entailment"],
        shares.get("neutral"),
        shares.get("contradiction", shares.get("not_entailment", 0.0)),
    )
    info = wording.card("info", f"<p>{escape(note)}</p>") if note else ""
    return (
        f'<section class="zs-nli-result" aria-label="Result">{info}'
        f'<p class="zs-why-head">Given</p><p class="zs-hypothesis" dir="auto">{escape(premise[:600])}</p>'
        '<p class="zs-why-head">is this true?</p>'
        f'<p class="zs-hypothesis" dir="auto">{escape(hypothesis)}</p>'
        f"{bars}</section>"
    )

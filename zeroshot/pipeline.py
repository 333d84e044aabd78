"""Texts x labels -> Classification.

How a score comes about: the text is the premise; the template with the label in it is the hypothesis; the
model gives each pair logits for entailment, (neutral) and contradiction. ``zeroshot.nli`` turns them into
scores. A text that is longer than the model reads is cut at the end (and the result says so), or, with
``windows=True``, read in overlapping windows: the logits of a label are their mean over the windows, in both
modes, and then scored as ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from zeroshot import nli
from zeroshot.errors import Cancelled, TemplateError, TextError
from zeroshot.labels import MAX_LABEL_LENGTH, MAX_LABELS, parse_labels
from zeroshot.results import Classification, Judgement
from zeroshot.templates import TRANSFORMERS_DEFAULT, check_template, fill
from zeroshot.texts import batches, checked, iterate
from zeroshot.windows import Span, spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zeroshot.engine import Engine
    from zeroshot.models.loading import LoadedModel

    Ids = NDArray[np.int32]

Progress = Callable[[int, int], None]
"""Called with (pairs done, pairs in all)."""

_MIN_ROOM = 8
"""Tokens of the text that must fit beside a hypothesis; fewer are not a text."""


@dataclass(frozen=True)
class _Question:
    """What is asked of every text of one call."""

    labels: list[str]
    template: str
    hypotheses: list[str]
    hypothesis_ids: list[Ids]
    multi_label: bool
    windows: bool


class ZeroShotPipeline:
    """Classifies texts into labels that are chosen at the time of the call.

    Arguments and scores are those of transformers' ``ZeroShotClassificationPipeline``; results carry more.
    One instance may be used by many threads at once: the engine lets them share its chunks.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        device: str | None = None,
        precision: str = "auto",
        engine: Engine | None = None,
    ) -> None:
        self.name = loaded.name
        self.classes = nli.find_classes(loaded.id2label)
        if engine is None:
            from zeroshot.engine import make_engine
            from zeroshot.models.device import pick_device

            engine = make_engine(
                loaded.source,
                loaded.tokenizer,
                device=pick_device(device),
                precision=precision,
                max_length=loaded.max_length,
                token_types=loaded.token_types,
            )
        self.engine = engine

    @property
    def device(self) -> str:
        """Where the model runs: cuda, mps or cpu."""
        return self.engine.device

    @property
    def precision(self) -> str:
        """The precision really used, never "auto"."""
        return self.engine.precision

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self,
        sequences: str,
        candidate_labels: str | Iterable[str],
        hypothesis_template: str | None = ...,
        multi_label: bool = ...,
        *,
        windows: bool = ...,
        max_labels: int = ...,
        max_label_length: int = ...,
        progress: Progress | None = ...,
        cancel: threading.Event | None = ...,
    ) -> Classification: ...
    @overload
    def __call__(
        self,
        sequences: Iterable[str],
        candidate_labels: str | Iterable[str],
        hypothesis_template: str | None = ...,
        multi_label: bool = ...,
        *,
        windows: bool = ...,
        max_labels: int = ...,
        max_label_length: int = ...,
        progress: Progress | None = ...,
        cancel: threading.Event | None = ...,
    ) -> list[Classification]: ...
    def __call__(
        self,
        sequences: str | Iterable[str],
        candidate_labels: str | Iterable[str],
        hypothesis_template: str | None = None,
        multi_label: bool = False,
        *,
        windows: bool = False,
        max_labels: int = MAX_LABELS,
        max_label_length: int = MAX_LABEL_LENGTH,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> Classification | list[Classification]:
        """Classify one text (a Classification) or several (a list of them, in order).

        ``hypothesis_template`` None means transformers' own default, ``This example is {}.``, so that code
        written for one gives the same scores on the other; ``suggest_template`` has better ones. ``windows``
        reads long texts whole. ``progress`` gets (pairs done, pairs in all); setting ``cancel`` raises
        Cancelled between two chunks of work.

        Raises TextError, LabelError or TemplateError with a sentence that says what to change.
        """
        question = self._ask(
            candidate_labels, hypothesis_template, multi_label, windows, max_labels, max_label_length
        )
        if isinstance(sequences, str):
            texts = [checked(sequences, None)]
        else:
            texts = [checked(text, i) for i, text in enumerate(iterate(sequences))]
        results = list(self._run(texts, question, len(texts), progress, cancel))
        return results[0] if isinstance(sequences, str) else results

    def stream(
        self,
        sequences: Iterable[str],
        candidate_labels: str | Iterable[str],
        hypothesis_template: str | None = None,
        multi_label: bool = False,
        *,
        windows: bool = False,
        max_labels: int = MAX_LABELS,
        max_label_length: int = MAX_LABEL_LENGTH,
        cancel: threading.Event | None = None,
    ) -> Iterator[Classification]:
        """Classify texts as they come, in order, in memory that does not grow with their number.

        Labels and template are checked at once, each text when it is read. Texts are taken in batches, so a
        result comes when its batch is full or the texts end.
        """
        question = self._ask(
            candidate_labels, hypothesis_template, multi_label, windows, max_labels, max_label_length
        )
        texts = (checked(text, i) for i, text in enumerate(iterate(sequences)))
        return self._run(texts, question, None, None, cancel)

    def nli(self, premise: str, hypothesis: str) -> dict[str, float]:
        """What the model says of one pair: entailment, neutral and contradiction, summing to one.

        Two-class models have ``entailment`` and ``not_entailment`` instead. A premise that is too long is
        cut.
        """
        pair = self.engine.tokenize([checked(premise, None), checked(hypothesis, None)])
        if self.engine.room(pair[1]) < _MIN_ROOM:
            raise TextError(
                f"The hypothesis is too long for the model ({len(pair[1]):,} tokens): make it one sentence."
            )
        values = nli.three_way(self.engine.logits([(pair[0], pair[1])]))[0]
        entailment, contradiction = (
            float(values[self.classes.entailment]),
            float(values[self.classes.contradiction]),
        )
        if self.classes.neutral is None:
            return {"entailment": entailment, "not_entailment": contradiction}
        return {
            "entailment": entailment,
            "neutral": float(values[self.classes.neutral]),
            "contradiction": contradiction,
        }

    def warm_up(self) -> None:
        """Run once, so that the first visitor does not pay for what happens only once."""
        self.engine.warm_up()

    def _ask(
        self,
        candidate_labels: str | Iterable[str],
        template: str | None,
        multi_label: bool,
        windows: bool,
        max_labels: int,
        max_label_length: int,
    ) -> _Question:
        labels = parse_labels(candidate_labels, max_labels=max_labels, max_length=max_label_length)
        template = check_template(TRANSFORMERS_DEFAULT if template is None else template)
        hypotheses = [fill(template, label) for label in labels]
        ids = self.engine.tokenize(hypotheses)
        for label, hypothesis in zip(labels, ids, strict=True):
            if self.engine.room(hypothesis) < _MIN_ROOM:
                raise TemplateError(
                    f"The template with the label “{label[:30]}” in it has {len(hypothesis)} tokens, leaving "
                    f"no room for the text (limit {self.engine.max_length}): shorten either."
                )
        return _Question(labels, template, hypotheses, ids, bool(multi_label), bool(windows))

    def _run(
        self,
        texts: Iterable[str],
        question: _Question,
        count: int | None,
        progress: Progress | None,
        cancel: threading.Event | None,
    ) -> Iterator[Classification]:
        """Classify batch by batch.  ``count`` is the number of texts, where it is known."""
        done_texts = done_pairs = 0
        for batch in batches(texts, len(question.labels)):
            started = time.perf_counter()
            if cancel is not None and cancel.is_set():
                raise Cancelled
            ids = self.engine.tokenize(batch)
            rooms = [self.engine.room(hypothesis) for hypothesis in question.hypothesis_ids]
            # Every label must see the same windows, so they are as wide as the longest hypothesis allows.
            plans = [spans(len(t), min(rooms), windows=question.windows) for t in ids]
            pairs = [
                (t[span.start : span.stop] if question.windows else t, hypothesis)
                for t, plan in zip(ids, plans, strict=True)
                for hypothesis in question.hypothesis_ids
                for span in plan
            ]
            done_texts += len(batch)
            report = None
            if progress is not None:
                rest = ((count or done_texts) - done_texts) * len(question.labels)
                report = _offset(progress, done_pairs, done_pairs + len(pairs) + rest)
            logits = self.engine.logits(pairs, progress=report, cancel=cancel)
            done_pairs += len(pairs)
            seconds = (time.perf_counter() - started) / len(batch)
            at = 0
            for text, t, plan in zip(batch, ids, plans, strict=True):
                size = len(plan) * len(question.labels)
                yield self._result(text, len(t), plan, logits[at : at + size], question, seconds)
                at += size

    def _result(
        self,
        text: str,
        tokens: int,
        plan: list[Span],
        logits: NDArray[np.float32],
        question: _Question,
        seconds: float,
    ) -> Classification:
        """Score one text. ``logits``: [labels * windows, classes], the windows of a label side by side."""
        pairs = len(logits)
        if len(plan) > 1:
            logits = logits.reshape(len(question.labels), len(plan), -1).mean(axis=1)
        score = nli.multi_label if question.multi_label else nli.single_label
        scores = score(logits, self.classes)
        order = nli.ranking(scores)
        probabilities = nli.three_way(logits)
        return Classification(
            sequence=text,
            labels=[question.labels[i] for i in order],
            scores=[float(scores[i]) for i in order],
            judgements=[
                self._judgement(question.labels[i], question.hypotheses[i], probabilities[i], logits[i])
                for i in order
            ],
            multi_label=question.multi_label,
            model=self.name,
            device=self.engine.device,
            precision=self.engine.precision,
            hypothesis_template=question.template,
            pairs=pairs,
            seconds=seconds,
            tokens=tokens,
            tokens_read=plan[-1].stop,
            windows=len(plan),
        )

    def _judgement(
        self, label: str, hypothesis: str, probabilities: NDArray[np.float32], logits: NDArray[np.float32]
    ) -> Judgement:
        entailment, contradiction, neutral = self.classes
        order = (entailment, contradiction) if neutral is None else (entailment, neutral, contradiction)
        return Judgement(
            label=label,
            hypothesis=hypothesis,
            entailment=float(probabilities[entailment]),
            neutral=None if neutral is None else float(probabilities[neutral]),
            contradiction=float(probabilities[contradiction]),
            logits=tuple(float(logits[i]) for i in order),
        )


def _offset(progress: Progress, done: int, total: int) -> Progress:
    """Progress of one batch as progress of the whole call."""
    return lambda d, _: progress(done + d, total)


_pipelines: dict[tuple[str, str, str], ZeroShotPipeline] = {}
_locks: dict[tuple[str, str, str], threading.Lock] = {}
_guard = threading.Lock()


def get_pipeline(
    name: str | None = None, device: str | None = None, precision: str = "auto"
) -> ZeroShotPipeline:
    """The pipeline of a model; loaded on the first call, the same object afterwards.

    ``name``: a name of the catalogue, or None for the default (ZEROSHOT_MODEL; else the reference model if
    it is already in the local cache; else the embedded one). ``device``: cuda, mps, cpu, or None for the
    best there is. ``precision``: auto, float32, bfloat16 or int8.

    Threads that ask for one model at the same time load it once; other models are not held up by it. A
    failed load is not remembered: the next call tries again. Raises UnknownModelError, ModelUnavailableError
    or ModelFormatError.
    """
    from zeroshot.models.device import pick_device
    from zeroshot.models.loading import choose_default, load

    key = (name or choose_default(), pick_device(device), precision)
    with _guard:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        pipeline = _pipelines.get(key)
        if pipeline is None:
            pipeline = ZeroShotPipeline(load(key[0]), device=key[1], precision=precision)
            _pipelines[key] = pipeline
    return pipeline

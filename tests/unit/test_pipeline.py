"""The pipeline over an engine that needs no model: windows, streams, progress, errors, the cache."""

from __future__ import annotations

import sys
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.unit.local_engine import THREE, TWO, Loaded, StubEngine
from zeroshot import nli, pipeline
from zeroshot.errors import Cancelled, LabelError, ModelFormatError, TemplateError, TextError
from zeroshot.pipeline import ZeroShotPipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = ["politics", "sports", "music"]


def make(id2label: dict[int, str] = THREE) -> tuple[ZeroShotPipeline, StubEngine]:
    engine = StubEngine(len(id2label))
    return ZeroShotPipeline(Loaded("stub", id2label), engine=engine), engine  # type: ignore[arg-type]


def test_what_a_result_holds() -> None:
    pipe, _ = make()
    result = pipe("A text about something.", LABELS, "Topic: {}")
    assert result.scores == sorted(result.scores, reverse=True)
    assert sum(result.scores) == pytest.approx(1)
    assert [j.label for j in result.judgements] == result.labels
    assert [j.hypothesis for j in result.judgements] == [f"Topic: {label}" for label in result.labels]
    for judgement in result.judgements:
        assert judgement.neutral is not None
        assert judgement.entailment + judgement.neutral + judgement.contradiction == pytest.approx(1)
        assert len(judgement.logits) == 3
    assert (result.pairs, result.windows, result.truncated) == (3, 1, False)
    assert result.tokens == result.tokens_read == len("A text about something.")
    assert result.to_dict() == {"sequence": result.sequence, "labels": result.labels, "scores": result.scores}
    assert all(type(score) is float for score in result.scores)


def test_the_default_template_is_that_of_transformers() -> None:
    pipe, _ = make()
    assert pipe("text", LABELS).to_dict() == pipe("text", LABELS, "This example is {}.").to_dict()


def test_one_label_is_judged_for_itself() -> None:
    pipe, _ = make()
    assert pipe("text", "politics").scores == pipe("text", "politics", multi_label=True).scores
    assert pipe("text", "politics").scores != [1.0]


def test_two_classes() -> None:
    pipe, _ = make(TWO)
    result = pipe("text", LABELS, multi_label=True)
    for judgement, score in zip(result.judgements, result.scores, strict=True):
        assert judgement.neutral is None
        assert judgement.entailment == pytest.approx(score)
        assert judgement.support == pytest.approx(score)
    assert set(pipe.nli("premise", "hypothesis")) == {"entailment", "not_entailment"}


def test_nli_sums_to_one() -> None:
    pipe, _ = make()
    scores = pipe.nli("premise", "hypothesis")
    assert list(scores) == ["entailment", "neutral", "contradiction"]
    assert sum(scores.values()) == pytest.approx(1)


def test_a_model_without_entailment_is_refused() -> None:
    with pytest.raises(ModelFormatError):
        make({0: "LABEL_0", 1: "LABEL_1"})


@pytest.mark.parametrize("multi_label", [False, True])
def test_windows_average_the_logits(multi_label: bool) -> None:
    pipe, engine = make()
    text = "".join(chr(97 + i % 26) for i in range(1_500))
    cut = pipe(text, LABELS, multi_label=multi_label)
    assert cut.truncated
    assert cut.tokens_read < 512 < cut.tokens == 1_500
    engine.pairs.clear()
    whole = pipe(text, LABELS, multi_label=multi_label, windows=True)
    assert not whole.truncated
    assert whole.windows == 4
    assert whole.pairs == 12 == len(engine.pairs)
    assert len({len(premise) for premise, _ in engine.pairs}) == 1
    assert len({premise for premise, _ in engine.pairs}) == 4, "every label sees the same windows"
    pairs = [tuple(np.array(ids, dtype=np.int32) for ids in pair) for pair in engine.pairs]
    logits = engine.logits(pairs).reshape(3, 4, 3).mean(axis=1)  # type: ignore[arg-type]
    score = nli.multi_label if multi_label else nli.single_label
    assert sorted(whole.scores) == pytest.approx(sorted(score(logits, pipe.classes).tolist()))


def test_short_texts_are_the_same_with_windows() -> None:
    pipe, _ = make()
    assert pipe("short", LABELS, windows=True).to_dict() == pipe("short", LABELS).to_dict()


def test_a_list_and_a_stream_give_what_single_texts_give() -> None:
    pipe, _ = make()
    texts = [f"text number {i} " * (1 + i % 40) for i in range(1_000)]
    one_by_one = [pipe(text, LABELS).to_dict() for text in texts[::97]]
    assert [r.to_dict() for r in pipe(texts, LABELS)][::97] == one_by_one
    assert [r.to_dict() for r in pipe.stream(iter(texts), LABELS)][::97] == one_by_one
    assert pipe([], LABELS) == []


def test_a_stream_reads_ahead_no_further_than_a_batch() -> None:
    pipe, _ = make()
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield f"text {read}"

    results = pipe.stream(endless(), LABELS)
    assert next(results).sequence == "text 1"
    assert read <= 700


def test_a_bad_text_in_a_stream_comes_after_the_good_ones() -> None:
    pipe, _ = make()
    seen = []
    with pytest.raises(TextError, match="number 3"):
        seen.extend(r.sequence for r in pipe.stream(["a", "b", "", "c"], LABELS))
    results = pipe.stream(["a", "b", ""], LABELS)
    assert [next(results).sequence, next(results).sequence] == ["a", "b"]


def test_progress_counts_all_pairs() -> None:
    pipe, _ = make()
    seen: list[tuple[int, int]] = []
    pipe(["text"] * 1_000, LABELS, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3_000, 3_000)
    assert {total for _, total in seen} == {3_000}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_cancel_stops() -> None:
    pipe, engine = make()
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        pipe(["text"] * 1_000, LABELS, progress=lambda *_: cancel.set(), cancel=cancel)
    assert len(engine.pairs) == 1


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ufeff", None, 3, "\ud800", b"bytes"])
def test_bad_texts(text: Any) -> None:
    pipe, _ = make()
    with pytest.raises(TextError):
        pipe([text], LABELS)
    if isinstance(text, str):
        with pytest.raises(TextError):
            pipe(text, LABELS)
        with pytest.raises(TextError):
            pipe.nli(text, "hypothesis")
        with pytest.raises(TextError):
            pipe.nli("premise", text)


def test_bad_labels_and_templates() -> None:
    pipe, engine = make()
    with pytest.raises(LabelError):
        pipe("text", " , ")
    with pytest.raises(ValueError, match="101 labels"):
        pipe("text", [f"label {i}" for i in range(101)])
    assert len(pipe("text", [f"label {i}" for i in range(101)], max_labels=200).labels) == 101
    with pytest.raises(TemplateError):
        pipe("text", LABELS, "This is {x}.")
    with pytest.raises(TextError):
        pipe(3, LABELS)  # type: ignore[call-overload]
    engine.max_length = 40
    with pytest.raises(TemplateError, match="no room"):
        pipe("text", LABELS, "This is a rather long template about {}.")
    with pytest.raises(TextError, match="too long"):
        pipe.nli("premise", "a hypothesis that is much too long for it")


def test_braces_in_labels_are_data() -> None:
    pipe, _ = make()
    assert pipe("text", ["{}", "{0}", "a{b}"], "About {}.").judgements[0].hypothesis.startswith("About ")


@pytest.fixture
def slow_loader(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for loading and for the engine; returns the names that were loaded."""
    loads: list[str] = []

    def load(name: str) -> Loaded:
        loads.append(name)
        time.sleep(0.1)
        if name == "broken" and len(loads) == 1:
            raise ModelFormatError("broken")
        return Loaded(name, THREE)

    def module(name: str, **names: Any) -> None:
        monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(**names))  # type: ignore[arg-type]

    module("zeroshot.models.loading", load=load, choose_default=lambda: "default")
    module("zeroshot.models.device", pick_device=lambda device: device or "cpu")
    module("zeroshot.engine", make_engine=lambda *_, **__: StubEngine())
    monkeypatch.setattr(pipeline, "_pipelines", {})
    monkeypatch.setattr(pipeline, "_locks", {})
    return loads


def test_many_threads_load_a_model_once(slow_loader: list[str]) -> None:
    with ThreadPoolExecutor(16) as pool:
        names = ["a", None, "a", "b", "default"] * 4
        found = list(pool.map(lambda name: (name, pipeline.get_pipeline(name)), names))
    assert sorted(slow_loader) == ["a", "b", "default"]
    assert len({id(pipe) for _, pipe in found}) == 3
    assert pipeline.get_pipeline("a", "cpu", "auto") is pipeline.get_pipeline("a")
    assert pipeline.get_pipeline("a", precision="float32") is not pipeline.get_pipeline("a")


def test_a_failed_load_is_tried_again(slow_loader: list[str]) -> None:
    with pytest.raises(ModelFormatError):
        pipeline.get_pipeline("broken")
    assert pipeline.get_pipeline("broken").name == "broken"
    assert slow_loader == ["broken", "broken"]

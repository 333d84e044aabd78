"""The scores are those of transformers' zero-shot pipeline with the same weights, to 1e-5."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import pipeline
from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

from tests.model.tiny import FAMILIES, THREE, build, stock, wrap
from zeroshot import TEMPLATES, get_pipeline
from zeroshot.engine import make_engine
from zeroshot.models.embedded_format import load_embedded
from zeroshot.models.loading import load, register_local
from zeroshot.pipeline import ZeroShotPipeline

CLOSE = 1e-5

TEXTS = (
    "За кого вы голосуете в 2020 году?",
    "¿A quién vas a votar en 2020?",
    "The central bank raised interest rates by half a point on Thursday.",
    "这段文字是关于体育的。",
    "Bu film beklediğimden çok daha iyiydi!",
    "میرا آرڈر ابھی تک نہیں آیا۔",
    "   leading and trailing space   ",
    "emoji 😀 and <b>markup</b> & {braces}",
    "a",
    "Timu ya taifa ilishinda mechi jana usiku.",
)
WORDS = (
    *(
        "politics",
        "sports",
        "Musik",
        "economía",
        "здоровье",
        "наука",
        "政治",
        "体育",
        "โรงเรียน",
        "कला",
        "صحة",
        "thời tiết",
    ),
    *("urgent", "not urgent", "travel, food", "C++", "l'amour", "{x}", "{", "100 %", "Ａ", "A", "…", "..."),
)


@dataclass
class Loaded:
    model: Any
    tokenizer: Any
    id2label: dict[int, str]
    name: str = "test"


def pair(model: Any, letters: Any, max_length: int) -> tuple[ZeroShotPipeline, Any]:
    """Ours and transformers' pipeline on one model."""
    engine = make_engine(model, letters, device="cpu", precision="float32")
    ours = ZeroShotPipeline(Loaded(model, letters, model.config.id2label), engine=engine)  # type: ignore[arg-type]
    return ours, stock(model, letters, max_length=max_length)


def compare(
    ours: ZeroShotPipeline, theirs: Any, text: str, labels: list[str], template: str, multi: bool
) -> None:
    mine = ours(text, labels, template, multi).to_dict()
    other = theirs(text, labels, hypothesis_template=template, multi_label=multi)
    assert mine["sequence"] == other["sequence"]
    expected = dict(zip(other["labels"], other["scores"], strict=True))
    assert mine["scores"] == pytest.approx([expected[label] for label in mine["labels"]], abs=CLOSE)
    assert mine["scores"] == sorted(mine["scores"], reverse=True)
    assert mine["scores"] == pytest.approx(other["scores"], abs=CLOSE)
    gaps = [a - b for a, b in zip(other["scores"], other["scores"][1:], strict=False)]
    if all(gap == 0 or gap > 2 * CLOSE for gap in gaps):  # exact ties included
        assert mine["labels"] == other["labels"]


def cases(count: int, seed: int) -> list[tuple[str, list[str], str, bool]]:
    """Random texts, labels and templates; the first cases have one label."""
    rng = random.Random(seed)
    templates = ["This example is {}.", "{}", *(t for three in TEMPLATES.values() for t in three)]
    found = []
    for i in range(count):
        text = " ".join(rng.choices(TEXTS, k=rng.choice([1, 1, 1, 2, 5])))
        labels = rng.sample(WORDS, 1 if i < 4 else rng.randint(2, 9))
        found.append((text, labels, rng.choice(templates), i % 2 == 0))
    return found


@pytest.fixture(scope="module")
def embedded() -> tuple[ZeroShotPipeline, Any]:
    model, letters = load_embedded()
    return get_pipeline("embedded", "cpu", "float32"), stock(model, letters, max_length=512)


@pytest.mark.parametrize("case", cases(24, seed=1), ids=str)
def test_embedded(embedded: tuple[ZeroShotPipeline, Any], case: tuple[str, list[str], str, bool]) -> None:
    compare(*embedded, *case)


def test_embedded_long_text_is_cut_alike(embedded: tuple[ZeroShotPipeline, Any]) -> None:
    text = " ".join(TEXTS) * 12
    compare(*embedded, text, ["politics", "a much longer label than the other one"], "This is {}.", False)
    assert embedded[0](text, "politics").truncated


def test_embedded_nli_is_the_models_softmax(embedded: tuple[ZeroShotPipeline, Any]) -> None:
    ours, theirs = embedded
    premise, hypothesis = TEXTS[2], "Borrowing becomes more expensive."
    encoded = theirs.tokenizer(premise, hypothesis, return_tensors="pt", return_token_type_ids=False)
    with torch.inference_mode():
        expected = theirs.model(**encoded).logits.softmax(-1)[0]
    names = {name: float(expected[i]) for i, name in theirs.model.config.id2label.items()}
    assert ours.nli(premise, hypothesis) == pytest.approx(names, abs=CLOSE)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "names",
    [
        THREE,
        ("entailment", "neutral", "contradiction"),
        ("entailment", "not_entailment"),
        ("not_entailment", "entailment"),
    ],
)
def test_tiny_models(family: str, names: tuple[str, ...]) -> None:
    ours, theirs = pair(*build(family, names), max_length=128)
    for case in cases(40, seed=len(names)):
        compare(ours, theirs, *case)


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_scores_come_in_the_same_order(family: str) -> None:
    """Labels of unknown characters look the same to the model."""
    ours, theirs = pair(*build(family), max_length=128)
    labels = [chr(0x1F600 + i) for i in range(40)]
    for some in (labels[:2], labels[:7], labels, [*labels[:9], "sport", *labels[9:20], "kunst"]):
        for multi in (False, True):
            compare(ours, theirs, "Some text", some, "It is {}.", multi)
            mine = ours("Some text", some, "It is {}.", multi)
            assert len(set(mine.scores)) <= 3


@pytest.mark.parametrize(
    "names", [("neutral", "entailment", "contradiction"), ("entailment", "contradiction", "neutral")]
)
@pytest.mark.parametrize("multi", [False, True])
def test_classes_in_any_order(names: tuple[str, ...], multi: bool) -> None:
    """Transformers takes class 0 for contradiction; wherever the classes are, ours gives the right scores."""
    model, letters = build("bert")
    _, theirs = pair(model, letters, max_length=128)
    moved, _ = build("bert", names)
    moved.load_state_dict(model.state_dict())
    order = [THREE.index(name) for name in names]
    with torch.no_grad():
        moved.classifier.weight.copy_(model.classifier.weight[order])
        moved.classifier.bias.copy_(model.classifier.bias[order])
    ours, _ = pair(moved, letters, max_length=128)
    for text, labels, template, _ in cases(10, seed=3):
        compare(ours, theirs, text, labels, template, multi)
        compare(ours, theirs, text, labels[:1], template, multi)


@pytest.mark.parametrize("limit", [None, 60, 1000])
@pytest.mark.parametrize(
    ("family", "typed"), [("bert", True), ("bert", False), ("xlm-roberta", False), ("bart", False)]
)
def test_a_folder(tmp_path: Path, family: str, typed: bool, limit: int | None) -> None:
    """What the tokenizer's settings say of token types and of the longest pair holds for ours as well."""
    model, letters = build(family)
    model.save_pretrained(tmp_path)
    wrap(letters, max_length=limit or VERY_LARGE_INTEGER, typed=typed).save_pretrained(tmp_path)
    ours = ZeroShotPipeline(load(register_local(str(tmp_path))), device="cpu", precision="float32")
    theirs = pipeline("zero-shot-classification", model=str(tmp_path), device="cpu")
    assert ("token_type_ids" in theirs.tokenizer.model_input_names) == typed
    assert ours.engine.max_length == min(limit or 128, 128)
    theirs.tokenizer.model_max_length = ours.engine.max_length  # a longer one would not fit its positions
    for case in cases(10, seed=5):
        compare(ours, theirs, *case[:2], "it: {}", case[3])
    text = "das ist ein langer text. " * 20
    compare(ours, theirs, text, ["kunst", "sport"], "es ist {}.", False)
    assert ours(text, "kunst").truncated


def test_duplicates_count_once(embedded: tuple[ZeroShotPipeline, Any]) -> None:
    """Transformers gives a label that is there twice two shares; ours, like the page, one."""
    ours, theirs = embedded
    mine = ours(TEXTS[0], ["politics", "sports", "Politics", "politics "])
    other = theirs(TEXTS[0], ["politics", "sports"])
    assert sorted(mine.labels) == sorted(other["labels"])
    assert mine.scores == pytest.approx(other["scores"], abs=CLOSE)


def test_the_company_changes_nothing(embedded: tuple[ZeroShotPipeline, Any]) -> None:
    ours, _ = embedded
    alone = [ours(text, list(WORDS)).to_dict() for text in TEXTS[:4]]
    together = [result.to_dict() for result in ours([*TEXTS], list(WORDS))][:4]
    for one, other in zip(alone, together, strict=True):
        assert dict(zip(one["labels"], one["scores"], strict=True)) == pytest.approx(
            dict(zip(other["labels"], other["scores"], strict=True)), abs=CLOSE
        )
    assert ours(TEXTS[0], list(WORDS)).to_dict() == alone[0]

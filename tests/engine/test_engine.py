"""The engine as callers see it: truncation, equal pairs, concurrency, cancel, memory of a GPU."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from tests.engine.conftest import LONGEST, make_model, make_tokenizer, random_pairs
from zeroshot.engine import make_engine
from zeroshot.engine.engine import UNLIMITED, PairEngine, _halved
from zeroshot.engine.precision import choose
from zeroshot.engine.tokens import read_layout
from zeroshot.errors import Cancelled, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from zeroshot.engine import Engine
    from zeroshot.engine.tokens import Pair


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = make_engine(make_model("xlm-roberta"), make_tokenizer("xlm-roberta"), precision="float32")
    yield engine
    engine.close()


def test_room_is_what_truncation_leaves(engine: Engine) -> None:
    premise, hypothesis = engine.tokenize([" ".join(f"w{n % 300}" for n in range(200)), "w1 w2 w3"])
    room = engine.room(hypothesis)
    assert room == LONGEST - 4 - 3
    whole, cut = engine.logits([(premise, hypothesis), (premise[:room], hypothesis)])
    np.testing.assert_array_equal(whole, cut)
    shorter = engine.logits([(premise[: room - 1], hypothesis)])
    assert np.abs(whole - shorter).max() > 1e-6


def test_a_hypothesis_that_leaves_no_room(engine: Engine) -> None:
    premise, long = engine.tokenize(["w1 w2", "w1 " * LONGEST])
    assert engine.room(long) == 0
    with pytest.raises(InputError, match="shorten"):
        engine.logits([(premise, long)])


@pytest.mark.parametrize(
    ("family", "positions", "given", "limit"),
    [
        ("bert", LONGEST, None, LONGEST),
        ("bert", LONGEST, 40, 40),
        ("bert", LONGEST, 10_000, LONGEST),
        ("deberta", -1, 40, 40),
        ("deberta", -1, None, UNLIMITED),
    ],
)
def test_the_longest_pair(family: str, positions: int, given: int | None, limit: int) -> None:
    """What the tokenizer says counts as well as the positions; some families have relative ones only."""
    model = make_model(family)
    model.config.max_position_embeddings = positions
    engine = make_engine(model, make_tokenizer(family), max_length=given)
    assert engine.max_length == limit
    engine.close()


def test_token_types_are_left_out_where_the_tokenizer_gives_none() -> None:
    model, tokenizer = make_model("bert-types"), make_tokenizer("bert-types")
    pairs = random_pairs(5, longest=20)
    typed, untyped = (
        make_engine(model, tokenizer, precision="float32", token_types=types) for types in (True, False)
    )
    assert np.abs(typed.logits(pairs) - untyped.logits(pairs)).max() > 1e-4
    with torch.no_grad():
        for premise, hypothesis in pairs:
            ids = read_layout(tokenizer).ids(premise, hypothesis)
            stock = model(input_ids=torch.from_numpy(ids)[None].long()).logits.numpy()
            np.testing.assert_allclose(untyped.logits([(premise, hypothesis)]), stock, atol=1e-5)
    typed.close()
    untyped.close()


def test_no_pairs_give_no_rows(engine: Engine) -> None:
    assert engine.logits([]).shape == (0, 3)


class Counter:
    """A backend that counts and answers with the pairs' lengths."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []

    def __call__(self, pairs: list[Pair]) -> NDArray[np.float32]:
        self.pairs += pairs
        return np.array([[len(premise), len(hypothesis)] for premise, hypothesis in pairs], np.float32)


def counting_engine(counter: Counter) -> PairEngine:
    tokenizer = make_tokenizer("bert")
    return PairEngine(
        counter,
        tokenizer,
        read_layout(tokenizer),
        max_length=LONGEST,
        num_classes=2,
        device="cpu",
        precision="float32",
        family="bert",
        budget=128,
        max_calls=8,
    )


def test_equal_pairs_are_computed_once_and_progress_counts_all() -> None:
    counter = Counter()
    engine = counting_engine(counter)
    one, two, long = engine.tokenize(["w1 w2", "w3", "w4 " * 200])
    told: list[tuple[int, int]] = []
    pairs = [(one, two), (two, one), (one.copy(), two), (long, two), (long[:-1], two)] * 3
    rows = engine.logits(pairs, progress=lambda done, total: told.append((done, total)))
    assert len(counter.pairs) == 3, "two texts that are cut to the same tokens are one"
    assert rows[:, 0].tolist() == [2, 1, 2, 59, 59] * 3
    assert told[-1] == (15, 15)
    assert all(total == 15 for _, total in told)
    engine.close()


def test_what_runs_beside_changes_nothing(engine: Engine) -> None:
    requests = [random_pairs(20 + 5 * seed, seed) for seed in range(12)]
    alone = [engine.logits(pairs) for pairs in requests]
    with ThreadPoolExecutor(12) as pool:
        for _ in range(3):
            together = list(pool.map(engine.logits, requests))
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_same_call_twice_is_the_same_to_the_bit(engine: Engine) -> None:
    pairs = random_pairs(50)
    np.testing.assert_array_equal(engine.logits(pairs), engine.logits(pairs))


def test_cancel_stops_between_chunks(engine: Engine) -> None:
    cancel = threading.Event()
    told: list[int] = []

    def progress(done: int, _: int) -> None:
        told.append(done)
        cancel.set()

    with pytest.raises(Cancelled):
        engine.logits(random_pairs(400), progress=progress, cancel=cancel)
    assert told[-1] < 400
    assert engine.logits(random_pairs(3)).shape == (3, 3), "others go on"


def test_warm_up_computes_and_a_closed_engine_refuses() -> None:
    counter = Counter()
    engine = counting_engine(counter)
    engine.warm_up()
    assert counter.pairs
    engine.close()
    engine.close()
    with pytest.raises(Exception, match="unloaded"):
        engine.logits(random_pairs(2))


def test_too_little_gpu_memory_makes_chunks_smaller() -> None:
    sizes: list[int] = []
    counter = Counter()

    def small(pairs: list[Pair]) -> NDArray[np.float32]:
        sizes.append(len(pairs))
        if len(pairs) > 5:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return counter(pairs)

    pairs = random_pairs(32, longest=20)
    np.testing.assert_array_equal(_halved(small)(pairs), Counter()(pairs))
    assert max(sizes) == 32
    assert sum(size for size in sizes if size <= 5) == 32


def test_one_pair_too_large_for_the_gpu_is_an_error() -> None:
    def never(_: list[Pair]) -> NDArray[np.float32]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        _halved(never)(random_pairs(4))


def test_what_auto_means(monkeypatch: pytest.MonkeyPatch) -> None:
    from zeroshot.engine import kernels

    has: set[str] = set()
    monkeypatch.setattr(kernels, "_has", lambda *features: bool(has & set(features)))
    assert choose("auto", "cpu", packed=True) == "float32"
    assert choose("int8", "cpu", packed=True) == "float32", "without the instructions it would only be slow"
    assert choose("bfloat16", "cpu", packed=True) == "float32"
    has.add("avx512_bf16")
    assert choose("auto", "cpu", packed=True) == "float32", "these instructions are no faster"
    assert choose("bfloat16", "cpu", packed=True) == "bfloat16", "but do as they are asked"
    has.add("avx512_vnni")
    monkeypatch.setattr(kernels, "pick", lambda _: kernels.Int8Twin)
    assert choose("auto", "cpu", packed=True) == "int8"
    assert choose("float32", "cpu", packed=True) == "float32"
    assert choose("auto", "cpu", packed=False) == "float32"
    monkeypatch.setattr(kernels, "pick", lambda _: None)
    assert choose("auto", "cpu", packed=True) == "float32", "an operator that is wrong is not used"
    assert choose("auto", "mps", packed=True) == "float32"
    with pytest.raises(ValueError, match="not a precision"):
        choose("float16", "cpu", packed=True)


def test_operators_that_fail_or_lie_are_not_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    from zeroshot.engine import kernels

    class Absent(kernels.PlainLinear):
        def gelu(self, x: torch.Tensor) -> torch.Tensor:
            raise NotImplementedError

    class Wrong(kernels.PlainLinear):
        def add(self, x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
            return self.plain(x) - residual

    for kind in (Absent, Wrong):
        assert not kernels.agree(kind, kernels.PlainLinear)
        monkeypatch.setattr(kernels, "OneDnnLinear", kind)
        assert kernels.pick("float32") is kernels.PlainLinear


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-3), ("bfloat16", 0.1)])
def test_a_gpu_answers_as_the_cpu_does(engine: Engine, precision: str, tolerance: float) -> None:
    there = make_engine(
        make_model("xlm-roberta"), make_tokenizer("xlm-roberta"), device="cuda", precision=precision
    )
    pairs = random_pairs(60, longest=50)
    np.testing.assert_allclose(there.logits(pairs), engine.logits(pairs), atol=tolerance)
    there.close()

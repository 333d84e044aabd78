"""Ours against transformers' zero-shot pipeline: same weights, same answers, how much time?

    python -m benchmarks.speed [--quick] [--shape embedded|reference] [--model NAME|PATH] [--device cpu|cuda]

Each run is a process of its own; they take turns, with other texts in each round.  `stock` is transformers'
pipeline as it comes, `stock, batch` the same at the best of a few batch sizes.  Share of peak: operations
of the packed forward per second, against the best float32 matrix product measured in the same run; int8 can
go beyond 100 %.  Memory: the most that the process held during a run, model and what earlier runs left
included.  Both are of the CPU; the share is given for models that the packed forward runs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from benchmarks.common import (
    LABELS,
    REFERENCE_SHAPE,
    TEMPLATE,
    Times,
    load_shape,
    machine,
    matrix_peak,
    table,
    texts_of,
)
from benchmarks.contender import Answer, Contender, Setup

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

MIXED = random.Random(0).choices(range(10, 121), k=64)  # noqa: S311 - the same on every run is what is wanted
WORKLOADS: dict[str, tuple[list[int], int]] = {
    "20 tokens x 3 labels": ([20], 3),
    "60 x 10": ([60], 10),
    "400 x 20": ([400], 20),
    "64 mixed texts x 6": (MIXED, 6),
    "20 tokens x 100 labels": ([20], 100),
}
BATCH_SIZES = (8, 32)


class Sizes(NamedTuple):
    """Of an encoder: its layers, their width, and that of their feed-forward part."""

    layers: int
    width: int
    inner: int


def operations(sizes: Sizes, lengths: list[int]) -> float:
    """GFLOP that the packed forward does for pairs of these lengths; the last layer for the first token
    alone.
    """
    layers, width, inner = sizes
    token = 2 * (4 * width * width + 2 * width * inner)
    total = 0.0
    for length in lengths:
        total += (layers - 1) * (token * length + 4 * width * length * length)
        total += 2 * (2 * width * width) * length + token + 4 * width * length
    return total / 1e9


Work = tuple[str, list[list[str]], list[str], list[int]]
"""A workload: its name, the texts of each round, labels, and the tokens of each pair of the first round."""


def facts(model: str, rounds: int) -> tuple[Sizes | None, list[Work]]:
    """The model's sizes, if it is one that the packed forward runs, and the workloads."""
    from zeroshot.engine.weights import read_weights

    loaded = load_shape("embedded" if model == REFERENCE_SHAPE else model)
    encode = loaded.tokenizer.encode
    special = loaded.tokenizer.num_special_tokens_to_add(is_pair=True)
    work: list[Work] = []
    for name, (lengths, count) in WORKLOADS.items():
        texts = [texts_of(loaded.tokenizer, lengths, skip=turn) for turn in range(rounds)]
        labels = LABELS[:count]
        long = [len(encode(text, add_special_tokens=False)) for text in texts[0]]
        short = [len(encode(TEMPLATE.format(label), add_special_tokens=False)) for label in labels]
        work.append((name, texts, labels, [a + b + special for a in long for b in short]))
    if model == REFERENCE_SHAPE:
        return Sizes(24, 1024, 4096), work
    weights = read_weights(loaded.source)
    if weights is None:
        return None, work
    inner, width = weights.layers[0].up.weight.shape
    return Sizes(len(weights.layers), width, inner), work


def largest_difference(stock: Answer, ours: Answer) -> float:
    """Largest difference between two scores of one text and label."""
    return max(
        abs(one[label] - score)
        for one, other in zip(stock.scores, ours.scores, strict=True)
        for label, score in other.items()
    )


def compare(model: str, device: str, peak: float, rounds: int, wanted: list[int], one_core: bool) -> None:
    sizes, work = in_process(facts, model, rounds + 1)
    sides = [("stock", "float32"), ("stock", "float32"), ("ours", "float32"), ("ours", "auto")]
    stock, batched, exact, auto = [
        Contender(Setup(kind, model, device, precision, one_core)) for kind, precision in sides
    ]
    shape = f" ({sizes.layers} layers x {sizes.width})" if sizes else ""
    print(f"## {model}{shape}; auto is {auto.precision}\n", flush=True)
    rows = []
    for name, texts, labels, lengths in [work[at] for at in wanted]:
        batched.run(texts[0], labels, TEMPLATE, BATCH_SIZES[0])
        tried = {size: batched.run(texts[0], labels, TEMPLATE, size).seconds for size in BATCH_SIZES}
        batch = min(tried, key=lambda size: tried[size])
        runs: dict[str, tuple[Contender, int | None]] = {
            "stock": (stock, None),
            f"stock, batch {batch}": (batched, batch),
            "float32": (exact, None),
            f"auto ({auto.precision})": (auto, None),
        }
        answers: dict[str, list[Answer]] = {run: [] for run in runs}
        for turn in range(rounds + 1):
            for run, (contender, size) in runs.items():
                answer = contender.run(texts[turn], labels, TEMPLATE, size)
                if turn:  # the first is a warm-up
                    answers[run].append(answer)
        base = Times([answer.seconds for answer in answers["stock"]])
        for run, done in answers.items():
            times = Times([answer.seconds for answer in done])
            ours = not run.startswith("stock")
            row = [
                name,
                run,
                str(times),
                f"{len(lengths) / times.median:.0f}",
                f"{base.median / times.median:.1f}x",
            ]
            on_cpu = device == "cpu"
            share = operations(sizes, lengths) / times.median / peak if sizes else 0.0
            row.append(f"{share:.0%}" if ours and on_cpu and sizes else "")
            row.append(f"{max(answer.megabytes for answer in done):.0f} MB" if on_cpu else "")
            row.append(f"{largest_difference(answers['stock'][-1], done[-1]):.1e}" if ours else "")
            rows.append(row)
            print("  ".join(row), flush=True)
    for contender in (stock, batched, exact, auto):
        contender.close()
    head = [
        "workload",
        "run",
        "median (min-max)",
        "pairs/s",
        "against stock",
        "of peak",
        "memory",
        "difference",
    ]
    print("\n" + table(head, rows) + "\n", flush=True)


def in_process(function: Callable[..., Result], *args: Any) -> Result:
    """`function(*args)` in a process that ends with it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, args)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two rounds, the two shortest workloads")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--shape", choices=("embedded", "reference", "both"), default="both")
    parser.add_argument("--model", help="a catalogue name or a local folder, instead of the two shapes")
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--one-core", action="store_true", help="processor time on one core, for a busy machine"
    )
    parser.add_argument("--workload", type=int, action="append", help="0 to 4; several times for several")
    args = parser.parse_args()
    rounds = 2 if args.quick else args.rounds
    wanted = args.workload or ([0, 1] if args.quick else list(range(len(WORKLOADS))))
    peak = in_process(matrix_peak, args.one_core)
    note = "; processor time of one core" if args.one_core else ""
    print(
        f"{in_process(machine)}\nfloat32 matrix peak: {peak:.0f} GFLOP/s; {rounds} rounds in turn{note}\n",
        flush=True,
    )
    shapes = {"embedded": ["embedded"], "reference": [REFERENCE_SHAPE], "both": ["embedded", REFERENCE_SHAPE]}
    for model in [args.model] if args.model else shapes[args.shape]:
        compare(model, args.device, peak, rounds, wanted, args.one_core)


if __name__ == "__main__":
    main()

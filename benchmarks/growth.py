"""Time against the number of labels, the length of the text and the number of texts: linear, or not?

    python -m benchmarks.growth [--quick] [--model embedded]

The last column is time for each token that the model read, against the smallest of the table: where it stays
near 1, there is no superlinear term.  Attention itself is quadratic in a pair's length, with a small factor.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.common import LABELS, TEMPLATE, Times, load_shape, machine, table, texts_of
from benchmarks.speed import in_process

if TYPE_CHECKING:
    from zeroshot.pipeline import ZeroShotPipeline

Case = tuple[str, list[str], list[str]]
ONCE_FROM = 1_000
"""Pairs from which a case is measured once: it is long enough to be steady."""
MANY = [*LABELS, *(f"{label} today" for label in LABELS)]


def measure(pipe: ZeroShotPipeline, cases: list[Case], rounds: int) -> list[list[str]]:
    """A row for each case: its name, time, and time for each token."""
    seconds: list[list[float]] = [[] for _ in cases]
    for turn in range(rounds + 1):
        for at, (_, texts, labels) in enumerate(cases):
            if turn != 1 and len(texts) * len(labels) > ONCE_FROM:
                continue
            start = time.perf_counter()
            pipe(texts, labels, TEMPLATE, max_labels=len(labels))
            if turn:
                seconds[at].append(time.perf_counter() - start)
    times = [Times(values) for values in seconds]
    tokens = []
    limit = pipe.engine.max_length
    special = limit - pipe.engine.room(np.empty(0, np.int32))
    for _, texts, labels in cases:
        long = [len(ids) for ids in pipe.engine.tokenize(texts)]
        short = [len(ids) for ids in pipe.engine.tokenize([TEMPLATE.format(label) for label in labels])]
        tokens.append(sum(min(limit, a + b + special) for a in long for b in short))
    rates = [one.median / count for one, count in zip(times, tokens, strict=True)]
    return [
        [name, str(one), f"{rate * 1e6:.0f} us", f"{rate / min(rates):.2f}"]
        for (name, _, _), one, rate in zip(cases, times, rates, strict=True)
    ]


def main() -> None:
    from zeroshot.pipeline import ZeroShotPipeline

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round, at most 100 texts")
    parser.add_argument("--texts", type=int, default=10_000, help="the largest number of texts")
    parser.add_argument("--model", default="embedded", help="a catalogue name or a local folder")
    parser.add_argument("--precision", default="auto")
    args = parser.parse_args()
    rounds = 1 if args.quick else 3
    loaded = load_shape(args.model)
    pipe = ZeroShotPipeline(loaded, precision=args.precision)
    pipe.warm_up()
    print(f"{in_process(machine)}\n{pipe.name}, {pipe.precision}; {rounds} rounds in turn\n", flush=True)

    def cut(lengths: list[int]) -> list[str]:
        return texts_of(loaded.tokenizer, lengths)

    def distinct(count: int) -> list[str]:
        base = cut([30] * min(count, 90))
        return [f"{base[at % len(base)]} {at}" for at in range(count)]

    texts = (1, 10, 100) if args.quick else (1, 10, 100, 1_000, args.texts)
    tables: dict[str, list[Case]] = {
        "labels": [(str(count), cut([30]), MANY[:count]) for count in (1, 2, 5, 10, 20, 50, 100, 200)],
        "tokens of text": [
            (str(length), cut([length]), LABELS[:10]) for length in (10, 20, 40, 80, 160, 320, 480, 512)
        ],
        "texts": [(str(count), distinct(count), LABELS[:3]) for count in texts],
    }
    for name, cases in tables.items():
        print(
            table(
                [name, "median (min-max)", "for each token", "against the least"],
                measure(pipe, cases, rounds),
            )
        )
        print(flush=True)


if __name__ == "__main__":
    main()

"""Ours against transformers' zero-shot pipeline: same weights, same answers, how much time?

    python benchmarks/speed.py [--quick] [--shape embedded|reference] [--model NAME|PATH] [--device cpu|cuda]

Prints one table for each model.  `stock` is the pipeline as it comes, `stock, batch` the same at the best of a few
batch sizes.  Share of peak: operations of the packed forward per second, against the best float32 matrix product
measured in the same run; int8 can go beyond 100 %.
"""

from __future__ import annotations

import argparse
import gc
import random
from typing import TYPE_CHECKING, Any

from common import (
    LABELS,
    TEMPLATE,
    PeakMemory,
    alternate,
    load_embedded,
    load_reference_shape,
    machine,
    matrix_peak,
    stock_pipeline,
    table,
    texts_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeroshot.models.loading import LoadedModel
    from zeroshot.pipeline import ZeroShotPipeline
    from zeroshot.results import Classification

MIXED = random.Random(0).choices(range(10, 121), k=64)
WORKLOADS: dict[str, tuple[list[int], int]] = {
    "20 tokens x 3 labels": ([20], 3),
    "60 x 10": ([60], 10),
    "400 x 20": ([400], 20),
    "64 mixed texts x 6": (MIXED, 6),
    "20 tokens x 100 labels": ([20], 100),
}
BATCH_SIZES = (8, 32)


def operations(loaded: LoadedModel, lengths: list[int]) -> float:
    """GFLOP that the packed forward does for pairs of these lengths; the last layer for the first token alone."""
    config = loaded.model.config
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    token = 2 * (4 * width * width + 2 * width * inner)
    total = 0.0
    for length in lengths:
        total += (layers - 1) * (token * length + 4 * width * length * length)
        total += 2 * (2 * width * width) * length + token + 4 * width * length
    return total / 1e9


def largest_difference(stock: list[dict[str, Any]], ours: list[Classification]) -> float:
    """Largest difference between two scores of one label."""
    worst = 0.0
    for one, other in zip(stock, ours, strict=True):
        scores = dict(zip(one["labels"], one["scores"], strict=True))
        pairs = zip(other.labels, other.scores, strict=True)
        worst = max(worst, *(abs(scores[label] - score) for label, score in pairs))
    return worst


def best_batch(stock: Any, texts: list[str], labels: list[str]) -> int:
    """The batch size that is fastest on one run each."""
    runs: dict[str, Callable[[], Any]] = {
        str(size): lambda size=size: stock(texts, labels, hypothesis_template=TEMPLATE, batch_size=size)
        for size in BATCH_SIZES
    }
    times, _ = alternate(runs, 1)
    return int(min(times, key=lambda size: times[size].median))


def measure(
    loaded: LoadedModel, ours: dict[str, ZeroShotPipeline], stock: Any, peak: float, rounds: int, names: list[str]
) -> None:
    rows = []
    for name in names:
        lengths, count = WORKLOADS[name]
        texts, labels = texts_of(loaded.tokenizer, lengths), LABELS[:count]
        engine = next(iter(ours.values())).engine
        hypotheses = engine.tokenize([TEMPLATE.format(label) for label in labels])
        tokens = [len(ids) for ids in engine.tokenize(texts)]
        pairs = [text + len(hypothesis) + 4 for text in tokens for hypothesis in hypotheses]
        size = best_batch(stock, texts, labels)
        runs: dict[str, Callable[[], Any]] = {
            "stock": lambda texts=texts, labels=labels: stock(texts, labels, hypothesis_template=TEMPLATE),
            f"stock, batch {size}": lambda texts=texts, labels=labels, size=size: stock(
                texts, labels, hypothesis_template=TEMPLATE, batch_size=size
            ),
        }
        for precision, pipe in ours.items():
            runs[precision] = lambda pipe=pipe, texts=texts, labels=labels: pipe(texts, labels, TEMPLATE)
        times, results = alternate(runs, rounds)
        work = operations(loaded, pairs)
        for run, seconds in times.items():
            gc.collect()
            with PeakMemory() as memory:
                runs[run]()
            difference = "" if run.startswith("stock") else f"{largest_difference(results['stock'], results[run]):.1e}"
            share = "" if run.startswith("stock") else f"{work / seconds.median / peak:.0%}"
            rows.append(
                [
                    name,
                    run,
                    str(seconds),
                    f"{len(pairs) / seconds.median:.0f}",
                    f"{times['stock'].median / seconds.median:.1f}x",
                    share,
                    f"{memory.megabytes:.0f} MB",
                    difference,
                ]
            )
            print(" ".join(rows[-1]), flush=True)
    head = ["workload", "run", "median (min-max)", "pairs/s", "against stock", "of peak", "memory", "difference"]
    print("\n" + table(head, rows) + "\n", flush=True)


def main() -> None:
    from zeroshot.engine.worker import in_passing
    from zeroshot.models.loading import load, register_local
    from zeroshot.pipeline import ZeroShotPipeline

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two rounds, the shorter workloads")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--shape", choices=("embedded", "reference", "both"), default="both")
    parser.add_argument("--model", help="a catalogue name or a local folder instead of the two shapes")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workload", type=int, action="append", help="0-4; several times for several")
    args = parser.parse_args()
    rounds = 2 if args.quick else args.rounds
    names = list(WORKLOADS)
    if args.workload:
        names = [names[at] for at in args.workload]
    elif args.quick:
        names = names[:2]
    peak = in_passing(matrix_peak)
    print(f"{machine()}\nmeasured float32 matrix peak: {peak:.0f} GFLOP/s; {rounds} alternating rounds\n")
    models: dict[str, Callable[[], LoadedModel]] = {}
    if args.model:
        known = register_local(args.model) if "/" in args.model and args.model.startswith((".", "/")) else args.model
        models[args.model] = lambda: load(known)
    if not args.model and args.shape != "reference":
        models["embedded (12 x 384)"] = load_embedded
    if not args.model and args.shape != "embedded":
        models["XLM-R large (24 x 1024), random weights"] = load_reference_shape
    for title, make in models.items():
        loaded = in_passing(make)
        ours = {
            precision: ZeroShotPipeline(loaded, device=args.device, precision=precision)
            for precision in ("float32", "auto")
        }
        print(f"## {title}; auto is {ours['auto'].precision}\n")
        ours = {name if name != "auto" else f"auto ({pipe.precision})": pipe for name, pipe in ours.items()}
        measure(loaded, ours, stock_pipeline(loaded, args.device), peak, rounds, names)
        for pipe in ours.values():
            pipe.engine.close()


if __name__ == "__main__":
    main()

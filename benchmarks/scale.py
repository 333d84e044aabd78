"""Many texts, streamed: steady throughput, flat memory.

    python -m benchmarks.scale [--quick] [--model embedded] [--texts 100000] [--seconds 0]

100,000 texts x 6 labels.  With `--seconds` it stops early and says how long all would
take.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from typing import TYPE_CHECKING

from benchmarks.common import LABELS, PROSE, TEMPLATE, machine, name_of, table
from benchmarks.contender import status
from benchmarks.speed import in_process

if TYPE_CHECKING:
    from collections.abc import Iterator


def texts() -> Iterator[str]:
    """Texts without end, nearly all distinct, of 5 to 60 words."""
    source = random.Random(0)  # noqa: S311 - the same on every run
    words = PROSE.split()
    while True:
        yield " ".join(source.choices(words, k=source.randint(5, 60)))


def main() -> None:
    from zeroshot import get_pipeline

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="stop after 20 seconds")
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so long; 0: at the end")
    parser.add_argument("--model", default="embedded", help="a catalogue name or a local folder")
    parser.add_argument("--precision", default="auto")
    args = parser.parse_args()
    limit = 20.0 if args.quick else args.seconds
    pipe = get_pipeline(name_of(args.model), precision=args.precision)
    pipe.warm_up()
    print(
        f"{in_process(machine)}\n{args.texts} texts x 6 labels, {pipe.name}, {pipe.precision}\n", flush=True
    )
    rows = []
    step = max(1000, args.texts // 20) if not limit else 500
    done, start = 0, time.perf_counter()
    last = start
    # The source dries up, so that every text that was computed is also counted.
    source = itertools.takewhile(lambda _: not limit or time.perf_counter() - start < limit, texts())
    for _ in pipe.stream(itertools.islice(source, args.texts), LABELS[:6], TEMPLATE):
        done += 1
        now = time.perf_counter()
        if done % step == 0:
            rows.append([str(done), f"{step / (now - last):.0f}", f"{status('VmRSS'):.0f} MB"])
            print("  ".join(rows[-1]), flush=True)
            last = now
    seconds = time.perf_counter() - start
    print("\n" + table(["texts", "texts/s since the line above", "memory"], rows))
    print(
        f"\n{done} texts in {seconds:.0f} s: {done / seconds:.0f} texts/s, {6 * done / seconds:.0f} pairs/s"
    )
    if done < args.texts:
        print(f"all {args.texts} would take {args.texts * seconds / done / 60:.0f} minutes")


if __name__ == "__main__":
    main()

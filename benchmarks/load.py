"""Many visitors at once, through HTTP, against the same page with a plain lock around the pipeline.

    python -m benchmarks.load [--quick] [--model embedded] [--seconds 20]

Each visitor asks again as soon as it has its answer; three of four ask short questions (20 tokens x 3
labels), one long ones (400 x 20).  Fairness: how long a short question takes beside visitors with long ones
only, against how long it takes alone.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from dataclasses import dataclass, field

import httpx

from benchmarks.common import LABELS, load_shape, machine, table, texts_of
from benchmarks.served import Served, ask
from benchmarks.speed import in_process

PAGES = {
    "turns (ours)": ["app.py", "--port", "{port}", "--model"],
    "plain lock": ["-m", "benchmarks.locked_app", "--port", "{port}", "--model"],
}
VISITORS = (1, 4, 16, 40)
LONG_BESIDE = 3
"""Visitors with long questions beside the one with short ones."""

Question = tuple[str, list[str]]


@dataclass
class Seen:
    """What the visitors of one run saw; seconds of each answer, short and long questions apart.

    Who is waiting when the time is up still gets an answer, which `in_time` does not count.
    """

    short: list[float] = field(default_factory=list)
    long: list[float] = field(default_factory=list)
    in_time: int = 0
    errors: int = 0


def questions(model: str) -> tuple[list[Question], list[Question]]:
    """Short and long ones, distinct."""
    tokenizer = load_shape(model).tokenizer
    short = [(text, LABELS[at : at + 3]) for at, text in enumerate(texts_of(tokenizer, [20] * 40))]
    long = [(text, LABELS[at : at + 20]) for at, text in enumerate(texts_of(tokenizer, [400] * 40))]
    return short, long


def visit(url: str, asked: list[Question], start: int, until: float, times: list[float], seen: Seen) -> None:
    """One visitor."""
    with httpx.Client() as client:
        number = start
        while time.perf_counter() < until:
            text, labels = asked[number % len(asked)]
            begin = time.perf_counter()
            try:
                answer = ask(client, url, text, labels)
            except httpx.HTTPError:
                answer = None
            end = time.perf_counter()
            number += 7
            if answer is None or len(answer["labels"]) != len(labels):
                seen.errors += 1
                continue
            times.append(end - begin)
            seen.in_time += end < until


def crowd(url: str, kinds: list[bool], short: list[Question], long: list[Question], seconds: float) -> Seen:
    """Visitors at once; one for each of `kinds`, which says whether its questions are long."""
    seen = Seen()
    until = time.perf_counter() + seconds
    threads = []
    for at, is_long in enumerate(kinds):
        asked, times = (long, seen.long) if is_long else (short, seen.short)
        threads.append(threading.Thread(target=visit, args=(url, asked, at, until, times, seen)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def _ms(values: list[float], share: float) -> str:
    if not values:
        return "-"
    return f"{sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1e3:.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="5 seconds each, 1 and 16 visitors")
    parser.add_argument("--model", default="embedded", help="a catalogue name or a local folder")
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    seconds = 5.0 if args.quick else args.seconds
    short, long = in_process(questions, args.model)
    print(f"{in_process(machine)}\n{seconds:.0f} s each; three short visitors to one long\n", flush=True)
    rows, fairness = [], []
    pages = {name: Served([*arguments, args.model]) for name, arguments in PAGES.items()}
    try:
        for page in pages.values():
            page.wait_until_served()
            page.wait_until_answering()
        for visitors in (1, 16) if args.quick else VISITORS:
            for name, page in pages.items():
                seen = crowd(page.url, [at % 4 == 3 for at in range(visitors)], short, long, seconds)
                row = [
                    str(visitors),
                    name,
                    f"{seen.in_time / seconds:.1f}/s",
                    _ms(seen.short, 0.5),
                    _ms(seen.short, 0.95),
                ]
                rows.append([*row, _ms(seen.long, 0.5), _ms(seen.long, 0.95), str(seen.errors)])
                print("  ".join(rows[-1]), flush=True)
        for name, page in pages.items():
            alone = crowd(page.url, [False], short, long, seconds)
            beside = crowd(page.url, [False] + [True] * LONG_BESIDE, short, long, seconds)
            ratio = statistics.median(beside.short) / statistics.median(alone.short)
            fairness.append([name, _ms(alone.short, 0.5), _ms(beside.short, 0.5), f"{ratio:.1f}x"])
    finally:
        for page in pages.values():
            page.close()
    head = [
        "visitors",
        "page",
        "answers",
        "short, median",
        "short, 95 %",
        "long, median",
        "long, 95 %",
        "errors",
    ]
    print("\n" + table(head, rows) + "\n")
    print(table(["page", "short alone", f"beside {LONG_BESIDE} long visitors", "ratio"], fairness))


if __name__ == "__main__":
    main()

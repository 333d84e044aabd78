"""How often the language of a text is recognised, beside plain seeded langdetect.

    python -m benchmarks.detection --data DIR

prints a table for each of: short sentences (Tatoeba), the premises and hypotheses of XNLI's test part, and,
from the training pairs, sentences in languages that are none of ours, for which the right answer is none.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from langdetect import DetectorFactory, LangDetectException, detect

from zeroshot.detection import detect_language, warm_up
from zeroshot.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Row = tuple[str, str]  # language, text


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def plain(text: str) -> str | None:
    """Langdetect as its documentation shows it, with its two Chinese as one."""
    try:
        return str(detect(text)).removesuffix("-cn").removesuffix("-tw")
    except LangDetectException:
        return None


def ours(text: str) -> str | None:
    found = detect_language(text)
    return found.code if found else None


def measure(name: str, data: Iterable[Row]) -> None:
    """Print accuracy (percent), answers of none (percent) and what it was most often taken for."""
    texts: dict[str, list[str]] = defaultdict(list)
    for language, text in data:
        texts[language].append(text)
    print(f"\n{name}: {sum(map(len, texts.values())):,} texts\n")
    print("| language | texts | langdetect | ours | none | taken for |\n|---|--:|--:|--:|--:|---|")
    average: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    for language, items in sorted(texts.items()):
        answers: dict[str, list[str | None]] = {}
        contestants: tuple[tuple[str, Callable[[str], str | None]], ...] = (("plain", plain), ("ours", ours))
        for who, function in contestants:
            start = time.perf_counter()
            answers[who] = [function(text) for text in items]
            seconds[who] += time.perf_counter() - start
        right = {who: 100 * found.count(language) / len(items) for who, found in answers.items()}
        for who, share in right.items():
            average[who] += share / len(texts)
        none = 100 * answers["ours"].count(None) / len(items)
        wrong = Counter(a for a in answers["ours"] if a not in {language, None}).most_common(2)
        confused = ", ".join(f"{code} {count}" for code, count in wrong)
        scores = f"{right['plain']:.1f} | {right['ours']:.1f} | {none:.1f}"
        print(f"| {language} | {len(items)} | {scores} | {confused} |")
    print(f"| average | | {average['plain']:.2f} | {average['ours']:.2f} | | |")
    each = {who: 1e3 * spent / sum(map(len, texts.values())) for who, spent in seconds.items()}
    print(f"\nMilliseconds a text: langdetect {each['plain']:.2f}, ours {each['ours']:.2f}")


def foreign(path: Path, limit: int) -> None:
    """Print, for languages that are none of the fifteen, how often we say so."""
    taken: dict[str, Counter[str | None]] = defaultdict(Counter)
    for row in rows(path):
        if row["language"] not in LANGUAGES and taken[row["language"]].total() < limit:
            taken[row["language"]][ours(row["hypothesis"])] += 1
    print("\nOther languages: the right answer is none\n")
    print("| language | texts | none | taken for |\n|---|--:|--:|---|")
    for language, answers in sorted(taken.items()):
        wrong = ", ".join(f"{code} {count}" for code, count in answers.most_common() if code)
        print(f"| {language} | {answers.total()} | {100 * answers[None] / answers.total():.1f} | {wrong} |")


def main() -> None:
    parser = argparse.ArgumentParser(description="How often the language of a text is recognised.")
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--foreign", type=int, default=300, help="texts of each other language (0: none)")
    arguments = parser.parse_args()
    DetectorFactory.seed = 0
    plain("one call reads the profiles")
    start = time.perf_counter()
    warm_up()
    print(f"Reading our profiles: {time.perf_counter() - start:.2f} s")
    tatoeba = rows(arguments.data / "language_id/tatoeba_part.jsonl.gz")
    measure("Tatoeba", ((row["language"], row["text"]) for row in tatoeba))
    xnli = rows(arguments.data / "nli/xnli_test_part.jsonl.gz")
    measure("XNLI", ((row["language"], row[part]) for row in xnli for part in ("premise", "hypothesis")))
    if arguments.foreign:
        foreign(arguments.data / "nli/train.jsonl.gz", arguments.foreign)


if __name__ == "__main__":
    main()

"""Which models the demo can run, and when to choose which; sizes and licences as on the models' cards."""

from __future__ import annotations

from dataclasses import dataclass

from zeroshot.errors import UnknownModelError
from zeroshot.languages import LANGUAGES

EMBEDDED = "embedded"
REFERENCE = "joeddav/xlm-roberta-large-xnli"
MB = 10**6


@dataclass(frozen=True)
class Entry:
    """One model: its name on the hub (or `embedded`, or a local folder) and what a visitor should know."""

    name: str
    title: str
    languages: tuple[str, ...]
    """Codes of the languages of the demo that it is good at."""
    size_bytes: int
    """What is downloaded, about; 0 where nothing is."""
    licence: str
    when: str

    @property
    def is_remote(self) -> bool:
        """Whether it has to be downloaded."""
        return self.size_bytes > 0

    @property
    def english_only(self) -> bool:
        """Whether it knows no other language."""
        return self.languages == ("en",)


_ALL = tuple(LANGUAGES)

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            EMBEDDED,
            "Embedded (small, offline)",
            _ALL,
            0,
            "CC BY-NC 4.0 and others: research and demonstration, see its card",
            "At once, offline, on any laptop; right most of the time.",
        ),
        Entry(
            REFERENCE,
            "XLM-RoBERTa large XNLI (reference)",
            _ALL,
            2_240 * MB,
            "MIT",
            "The best answers in all 15 languages, where 2.2 GB and a few seconds a text are no matter.",
        ),
        Entry(
            "MoritzLaurer/bge-m3-zeroshot-v2.0",
            "BGE-M3 zero-shot v2",
            _ALL,
            1_140 * MB,
            "MIT",
            "Long texts, and many more languages; two classes only (entailment or not).",
        ),
        Entry(
            "facebook/bart-large-mnli",
            "BART large MNLI (English)",
            ("en",),
            1_630 * MB,
            "MIT",
            "English only: the classic of zero-shot classification.",
        ),
        Entry(
            "joeddav/bart-large-mnli-yahoo-answers",
            "BART large MNLI, Yahoo Answers (English)",
            ("en",),
            1_630 * MB,
            "not stated on its card (its base, BART large MNLI: MIT)",
            "English only: topics, the better the closer they are to those of Yahoo Answers.",
        ),
    )
}


def find_entry(name: str) -> Entry:
    """The catalogue's entry, or one of a folder registered at start.

    Raises:
        UnknownModelError: the name is neither; the sentence lists what there is.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    known = ", ".join(CATALOGUE)
    raise UnknownModelError(f"There is no model {name[:80]!r} here: choose one of {known}.")

"""NLI pairs: which sources, in what shares, and in which languages (steps 1 and 2 of the recipe)."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

CLASSES = ("contradiction", "neutral", "entailment")
"""Order of the logits; the reference model's."""

LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")

FOLDER = Path(__file__).parent / "pairs"

SHARES = {
    "mnli-mt": 0.36,
    "xnli": 0.17,
    "mnli": 0.15,
    "own": 0.12,
    "lingnli": 0.05,
    "ocnli": 0.035,
    "snli": 0.03,
    "new-protocols": 0.03,
    "indonli": 0.01,
    "snli-counterfactual": 0.015,
    "farstail": 0.01,
    "sick": 0.01,
    "conjnli": 0.005,
}
"""How often a pair is drawn from each source: much from what is native or parallel in our languages
and from MultiNLI's own text, little from captions and from synthetic sentences. `own` are pairs of our own
writing (`pairs/`), in the languages for which the others have least."""

LEFT_OUT = frozenset([("mnli-mt", "ur")])
"""Translations that have little to do with their original: half of their labels cannot be told."""

OTHER_LANGUAGES_SHARE = 0.08
"""Of the pairs that there are in ours and in others: how many in a language that is not one of the 15."""

Pair = tuple[str, str, int]
"""Premise, hypothesis and class."""


@dataclass(frozen=True)
class Group:
    """One text and the hypotheses judged of it; `targets` index `CLASSES`."""

    premise: str
    hypotheses: tuple[str, ...]
    targets: tuple[int, ...]


def read_rows(path: Path, limit: int | None = None) -> Iterator[dict[str, str]]:
    """The rows of a gzipped JSON Lines file, at most `limit` of them."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if limit is not None and number >= limit:
                return
            yield json.loads(line)


def own_pairs() -> Iterator[tuple[str, Pair]]:
    """Language and pair, for every one of our own writing."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield from ((path.stem, (row["premise"], row[name], at)) for at, name in enumerate(CLASSES))


class NliPairs:
    """Draws NLI pairs by `SHARES`; parallel ones often with the hypothesis in another language."""

    def __init__(self, data: Path, *, limit: int | None = None) -> None:
        """
        Args:
            data: the folder that holds `nli/`.
            limit: read only so many rows of each file, for trials.
        """
        # A source may hold both parallel rows and others: these are pairs in one language.
        pairs: dict[str, list[dict[str, Pair]]] = defaultdict(list)
        parallel: dict[tuple[str, str], dict[str, Pair]] = {}
        for name in ("train", "xnli_validation"):
            for row in read_rows(data / "nli" / f"{name}.jsonl.gz", limit):
                source, language = row["source"], row["language"]
                if (source, language) in LEFT_OUT:
                    continue
                pair = (row["premise"], row["hypothesis"], CLASSES.index(row["label"]))
                known = parallel.get((source, row["parallel_id"])) if "parallel_id" in row else None
                if known is not None:
                    known[language] = pair
                    continue
                pairs[source].append({language: pair})
                if "parallel_id" in row:
                    parallel[source, row["parallel_id"]] = pairs[source][-1]
        pairs["own"] = [{language: pair} for language, pair in own_pairs()]
        self._pairs = dict(pairs)
        self._sources = [source for source in SHARES if source in self._pairs]
        total = sum(SHARES[source] for source in self._sources)
        self._weights = [SHARES[source] / total for source in self._sources]

    def texts(self) -> list[str]:
        """Every text that may be drawn, for tokenising them beforehand."""
        everything = [versions for rows in self._pairs.values() for versions in rows]
        return [text for versions in everything for pair in versions.values() for text in pair[:2]]

    def draw(self, rng: np.random.Generator, *, mixed: float) -> Group:
        """One pair.

        Args:
            mixed: share of the parallel pairs whose hypothesis is drawn from any language (step 2).
        """
        source = self._sources[int(rng.choice(len(self._sources), p=self._weights))]
        rows = self._pairs[source]
        versions = rows[int(rng.integers(len(rows)))]
        language = self._language(versions, rng)
        other = self._language(versions, rng) if rng.random() < mixed else language
        premise, _, target = versions[language]
        return Group(premise, (versions[other][1],), (target,))

    def _language(self, versions: dict[str, Pair], rng: np.random.Generator) -> str:
        ours = [code for code in versions if code in LANGUAGES]
        others = [code for code in versions if code not in LANGUAGES]
        if others and (not ours or rng.random() < OTHER_LANGUAGES_SHARE):
            return others[int(rng.integers(len(others)))]
        return ours[int(rng.integers(len(ours)))]

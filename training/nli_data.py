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
    "xnli": 0.23,
    "mnli-mt": 0.25,
    "mnli": 0.2,
    "own": 0.13,
    "lingnli": 0.06,
    "ocnli": 0.035,
    "snli": 0.035,
    "new-protocols": 0.035,
    "indonli": 0.01,
    "snli-counterfactual": 0.02,
    "farstail": 0.01,
    "sick": 0.01,
    "conjnli": 0.005,
}
"""How often a pair is drawn from each source: much from what is native or parallel in our languages
and from MultiNLI's own text, little from captions and from synthetic sentences. `own` are pairs of our own
writing (`pairs/`), in the languages for which the others have least."""

LEFT_OUT = frozenset([("mnli-mt", "ur")])
"""Translations too rough to learn from: even trained on, half of their labels cannot be told."""

OTHER_LANGUAGES_SHARE = 0.15
"""Of the parallel pairs: how many in a language that is not one of the 15."""


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


def own_pairs() -> Iterator[tuple[str, str, int]]:
    """Premise, hypothesis and class of every pair of our own writing."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield from ((row["premise"], row[name], target) for target, name in enumerate(CLASSES))


class NliPairs:
    """Draws NLI pairs by `SHARES`; parallel ones often with the hypothesis in another language."""

    def __init__(self, data: Path, *, limit: int | None = None) -> None:
        """
        Args:
            data: the folder that holds `nli/`.
            limit: read only so many rows of each file, for trials.
        """
        single: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        parallel: dict[str, dict[str, dict[str, tuple[str, str, int]]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for name in ("train", "xnli_validation"):
            for row in read_rows(data / "nli" / f"{name}.jsonl.gz", limit):
                if (row["source"], row["language"]) in LEFT_OUT:
                    continue
                pair = (row["premise"], row["hypothesis"], CLASSES.index(row["label"]))
                if "parallel_id" in row:
                    parallel[row["source"]][row["parallel_id"]][row["language"]] = pair
                else:
                    single[row["source"]].append(pair)
        single["own"] = list(own_pairs())
        self._single = dict(single)
        self._parallel = {source: list(pairs.values()) for source, pairs in parallel.items()}
        present = [source for source in SHARES if source in self._single or source in self._parallel]
        total = sum(SHARES[source] for source in present)
        self._sources = present
        self._weights = [SHARES[source] / total for source in present]

    def texts(self) -> list[str]:
        """Every text that may be drawn, for tokenising them beforehand."""
        pairs = [pair for rows in self._single.values() for pair in rows]
        pairs += [pair for rows in self._parallel.values() for versions in rows for pair in versions.values()]
        return [text for pair in pairs for text in pair[:2]]

    def draw(self, rng: np.random.Generator, *, mixed: float) -> Group:
        """One pair.

        Args:
            mixed: share of the parallel pairs whose hypothesis is in another language (step 2).
        """
        source = self._sources[int(rng.choice(len(self._sources), p=self._weights))]
        if source in self._single:
            rows = self._single[source]
            premise, hypothesis, target = rows[int(rng.integers(len(rows)))]
            return Group(premise, (hypothesis,), (target,))
        parallel = self._parallel[source]
        versions = parallel[int(rng.integers(len(parallel)))]
        language = self._language(versions, rng)
        other = self._language(versions, rng) if rng.random() < mixed else language
        premise, _, target = versions[language]
        return Group(premise, (versions[other][1],), (target,))

    def _language(self, versions: dict[str, tuple[str, str, int]], rng: np.random.Generator) -> str:
        ours = [code for code in versions if code in LANGUAGES]
        others = [code for code in versions if code not in LANGUAGES]
        if others and (not ours or rng.random() < OTHER_LANGUAGES_SHARE):
            return others[int(rng.integers(len(others)))]
        return ours[int(rng.integers(len(ours)))]

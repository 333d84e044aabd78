"""Labels as people type them: one line with commas, or a list."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from zeroshot.errors import LabelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_LABELS = 100
MAX_LABEL_LENGTH = 100
"""Characters of one label."""

_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# Latin, Greek (its question mark looks like a semicolon and is typed for one), Arabic, Armenian, NKo,
# Ethiopic, Mongolian, Lisu, Vai, Bamum, CJK with its small, vertical, half- and full-width forms, and the
# rarer Latin commas.
_COMMAS = (
    ",;\u037e\u055d\u060c\u061b\u07f8\u1363\u1364\u1802\u1808\u3001\ua4fe\ua60d\ua6f5"
    "\ufe10\ufe11\ufe14\ufe50\ufe51\ufe54\uff0c\uff1b\uff64\u2e32\u2e34\u2e35\u2e41\u2e49"
)
SEPARATORS = frozenset(_COMMAS + _LINE_ENDS)

_QUOTES = {
    '"': '"', "＂": "＂", "“": "”", "”": "”", "„": "“”", "«": "»", "»": "«", "‹": "›",
    "「": "」", "『": "』", "'": "'", "‘": "’",
}  # fmt: skip
_APOSTROPHES = "'‘"
# Marks without a shape. Zero-width joiner and non-joiner are not among them: Urdu, Hindi and emoji are spelt
# with them.
_INVISIBLE = "\u200b\u2060\ufeff\u200e\u200f\u061c\u00ad"
_EDGE = re.compile(rf"^[\s{_INVISIBLE}]+|[\s{_INVISIBLE}]+$")
_UNSEEN = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf"))
_DROP_FOR_KEY = dict.fromkeys(map(ord, _INVISIBLE))


def parse_labels(
    labels: str | Iterable[str], *, max_labels: int = MAX_LABELS, max_length: int = MAX_LABEL_LENGTH
) -> list[str]:
    """Candidate labels, in the order given.

    A string is split at the commas and semicolons of every script and at new lines; a comma between quotes
    (``"a, b"``, ``«a, b»``, ``“a, b”``...) stays, and quotes around a whole label are removed. Items of a
    sequence are labels as they are: nothing in them is split. Both are trimmed, empty ones dropped, and of
    labels that differ only in case, Unicode composition or invisible marks the first is kept as it was
    typed.

    Raises LabelError when none is left, when there are more than ``max_labels``, or when one has more than
    ``max_length`` characters.
    """
    items = _split(labels) if isinstance(labels, str) else _items(labels)
    found: dict[str, str] = {}
    for item in items:
        label = _EDGE.sub("", item)
        if is_blank(label):
            continue
        if len(label) > max_length:
            raise LabelError(
                f"The label “{label[:30]}…” has {len(label):,} characters: {max_length} are allowed."
            )
        if any("\ud800" <= c <= "\udfff" for c in label):
            raise LabelError("A label contains a broken character (half of a surrogate pair): type it again.")
        found.setdefault(_key(label), label)
    if not found:
        raise LabelError("There is no label: give at least one, for example “politics, sports, music”.")
    if len(found) > max_labels:
        raise LabelError(f"There are {len(found):,} labels: give at most {max_labels}.")
    return list(found.values())


def is_blank(text: str) -> bool:
    """Whether nothing in ``text`` can be seen: only spaces, control characters and format marks."""
    return all(unicodedata.category(c) in _UNSEEN for c in text)


def _items(labels: Iterable[str]) -> Sequence[str]:
    try:
        items = list(labels)
    except TypeError:
        items = [None]  # type: ignore[list-item]
    if not all(isinstance(item, str) for item in items):
        raise LabelError("Labels must be text: give a list of strings, or one string with commas.")
    return items


def _key(label: str) -> str:
    """What two labels must share to be the same label."""
    folded = unicodedata.normalize("NFC", label).casefold().translate(_DROP_FOR_KEY)
    return unicodedata.normalize("NFC", folded)


def _split(text: str) -> Iterable[str]:
    """Cut ``text`` at separators that are not between quotes."""
    start = i = 0
    while i < len(text):
        if text[i] in SEPARATORS:
            yield _unquote(text[start:i])
            start = i + 1
        elif text[i] in _QUOTES and _opens(text, i, start):
            i = max(i, _closing(text, i))
        i += 1
    yield _unquote(text[start:])


def _opens(text: str, at: int, start: int) -> bool:
    """Whether the quote at ``at`` can open: at the start of a label or, double ones only, after white space.

    So inches (``5"``) and apostrophes (``rock 'n' roll``) are left alone.
    """
    if not _EDGE.sub("", text[start:at]):
        return True
    return text[at] not in _APOSTROPHES and text[at - 1].isspace()


def _closing(text: str, at: int) -> int:
    """Index of the quote that closes the one at ``at``, or -1: it must end a word, on the same line."""
    closers = _QUOTES[text[at]]
    i = at + 1
    while i < len(text) and text[i] not in _LINE_ENDS:
        if text[i] in closers:
            following = text[i + 1 : i + 2]
            if following == text[i] == text[at]:  # "" within "..." is a quote of the text, as in CSV
                i += 2
                continue
            if text[at] not in _APOSTROPHES:
                return -1 if following.isalnum() else i
            if not following or following in SEPARATORS or following.isspace():
                return i
        i += 1
    return -1


def _unquote(item: str) -> str:
    item = _EDGE.sub("", item)
    if len(item) > 1 and item[0] in _QUOTES and _closing(item, 0) == len(item) - 1:
        inner = item[1:-1]
        return inner.replace(item[0] * 2, item[0]) if item[-1] == item[0] else inner
    return item

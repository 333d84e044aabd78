"""The raw form of a pair, `premise <sep> hypothesis`, as in the widget of the reference model's card."""

from __future__ import annotations

import re

_SEPARATOR = re.compile(r"\s*(?:<sep>|\[SEP\]|</s>(?:\s*</s>)?)\s*", re.IGNORECASE)
_AROUND = re.compile(r"^\s*(?:<s>|\[CLS\])\s*|\s*(?:</s>|\[SEP\])\s*$", re.IGNORECASE)


def split_raw_pair(premise: str, hypothesis: str) -> tuple[str, str]:
    """The two sentences; a raw pair in the premise's box counts only while the hypothesis' box is empty.

    >>> split_raw_pair("За кого вы голосуете? <sep> This text is about politics.", "")
    ('За кого вы голосуете?', 'This text is about politics.')
    """
    if hypothesis.strip():
        return premise, hypothesis
    parts = _SEPARATOR.split(_AROUND.sub("", premise), maxsplit=1)
    return (parts[0], parts[1]) if len(parts) == 2 else (premise, hypothesis)

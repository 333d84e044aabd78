from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zeroshot.windows import OVERLAP, spans


@given(st.integers(0, 20_000), st.integers(8, 510))
def test_windows_cover_the_text_and_overlap(tokens: int, room: int) -> None:
    found = spans(tokens, room, windows=True)
    assert found[0].start == 0
    assert found[-1].stop == tokens
    for one, other in pairwise(found):
        assert other.start > one.start
        assert one.stop - other.start >= int(room * OVERLAP)
        assert other.stop - other.start == room
    assert len(found) <= 1 + -(-tokens // (room - int(room * OVERLAP)))


@given(st.integers(0, 5_000), st.integers(8, 510))
def test_without_windows_the_beginning_is_read(tokens: int, room: int) -> None:
    assert spans(tokens, room, windows=False) == [(0, min(tokens, room))]

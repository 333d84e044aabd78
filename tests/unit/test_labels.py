from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeroshot import parse_labels
from zeroshot.errors import LabelError
from zeroshot.labels import SEPARATORS, is_blank

words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    "text", ["a, b، c、d", "a，b;c；d", "a\nb\r\nc\n\nd", " a ,, b , ;c،\n、d,", "a︐b﹐c､d"]
)
def test_separators_of_every_script(text: str) -> None:
    assert parse_labels(text) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('"a, b", c', ["a, b", "c"]),
        ("«a, b», c", ["a, b", "c"]),
        ("“a, b”، c", ["a, b", "c"]),
        ("„a, b“; c", ["a, b", "c"]),
        ("「a、b」、c", ["a、b", "c"]),
        ("'a, b', c", ["a, b", "c"]),
        ('"say ""hi"", now", c', ['say "hi", now', "c"]),
        ('news about "x, y" here, c', ['news about "x, y" here', "c"]),
        ('5" disk, 3" disk', ['5" disk', '3" disk']),
        ("rock 'n' roll, it's, dogs', 'tis", ["rock 'n' roll", "it's", "dogs'", "'tis"]),
        ('"a, b', ['"a', "b"]),
        ('"a\nb", c', ['"a', 'b"', "c"]),
        ('"", «», a', ["a"]),
        ("l'économie, aujourd'hui", ["l'économie", "aujourd'hui"]),
    ],
)
def test_quotes(text: str, labels: list[str]) -> None:
    assert parse_labels(text) == labels


def test_duplicates_go_and_order_stays() -> None:
    assert parse_labels("Sport, música, SPORT, mu\u0301sica, straße, STRASSE, art") == [
        "Sport",
        "música",
        "straße",
        "art",
    ]


def test_invisible_marks() -> None:
    assert parse_labels("\u200bsport\ufeff, sp\u200bort, \u200b, \u200e، نیم\u200cفاصله") == [
        "sport",
        "نیم\u200cفاصله",
    ]
    assert parse_labels("👨‍👩‍👧, 🫨") == ["👨‍👩‍👧", "🫨"]


def test_items_of_a_list_are_labels_as_they_are() -> None:
    assert parse_labels([" a, b ", "", "c", "A, B"]) == ["a, b", "c"]
    assert parse_labels(("x", "y")) == ["x", "y"]


@pytest.mark.parametrize("labels", ["", " , ،\n", [], ["", " "], "\u200b", [1, 2], None, 3, [["a"]]])
def test_no_labels(labels: object) -> None:
    with pytest.raises(LabelError, match=r"(give|Labels must)"):
        parse_labels(labels)  # type: ignore[arg-type]


def test_limits_are_said_not_cut() -> None:
    many = [f"label {i}" for i in range(101)]
    with pytest.raises(LabelError, match=r"101 labels: give at most 100"):
        parse_labels(many)
    assert len(parse_labels(many, max_labels=101)) == 101
    with pytest.raises(LabelError, match=r"has 101 characters"):
        parse_labels("x" * 101)
    assert parse_labels("x" * 101, max_length=101) == ["x" * 101]
    with pytest.raises(LabelError, match="surrogate"):
        parse_labels(["\ud800"])


@given(st.lists(words, min_size=1, max_size=20), st.sampled_from(sorted(SEPARATORS)))
def test_joining_and_parsing_agree_with_the_list(labels: list[str], separator: str) -> None:
    assert parse_labels(f" {separator} ".join(labels)) == parse_labels(labels)


@given(st.one_of(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=8)))
def test_whatever_comes(labels: str | list[str]) -> None:
    try:
        found = parse_labels(labels)
    except LabelError:
        return
    keys = [unicodedata.normalize("NFC", unicodedata.normalize("NFC", label).casefold()) for label in found]
    assert len(set(keys)) == len(keys)
    assert all(label == label.strip() and not is_blank(label) and len(label) <= 100 for label in found)
    assert parse_labels(found) == found


@given(st.text(st.characters(exclude_characters='"', exclude_categories=["C", "Z"]), min_size=1, max_size=30))
def test_quotes_protect_everything(text: str) -> None:
    label = f"x{text}x"
    assert parse_labels(f'other, "{label}"') == ["other", label]

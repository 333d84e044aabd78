from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeroshot import LANGUAGES, TEMPLATES, suggest_template
from zeroshot.errors import TemplateError
from zeroshot.templates import DEFAULT, MAX_TEMPLATE_LENGTH, check_template, fill


def test_every_language_has_three() -> None:
    assert set(TEMPLATES) == set(LANGUAGES)
    for templates in TEMPLATES.values():
        assert len(set(templates)) == 3
        assert [check_template(template) for template in templates] == list(templates)


def test_suggestions() -> None:
    assert suggest_template("es") == "Este texto trata sobre {}."
    assert suggest_template("en") == DEFAULT == "This text is about {}."
    assert suggest_template("xx") == DEFAULT
    assert suggest_template(None) == DEFAULT


@pytest.mark.parametrize("code", ["ar", "ur"])
def test_right_to_left_templates_hold_no_direction_marks(code: str) -> None:
    for template in TEMPLATES[code]:
        assert not set(template) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        ("This is {x}.", "This is {}."),
        ("This is {0}.", "This is {}."),
        ("This is {{}}.", "This is {}."),
        ("This is {} {}.", "This is {}."),
        ("This is {label:>10}.", "This is {}."),
        ("This is {.", "This is {}."),
        ("This is", "This is {}"),
        ("关于｛｝的。", "关于{}的。"),
        ("{}", None),
        ("", DEFAULT),
        (" \n", DEFAULT),
        ("{x}", DEFAULT),
    ],
)
def test_a_wrong_template_gets_its_fix(wrong: str, fix: str | None) -> None:
    if fix is None:
        assert check_template(wrong) == wrong
        return
    with pytest.raises(TemplateError) as caught:
        check_template(wrong)
    assert f"“{fix}”" in str(caught.value)


def test_other_wrong_templates() -> None:
    with pytest.raises(TemplateError, match="shorten"):
        check_template("x" * MAX_TEMPLATE_LENGTH + "{}")
    with pytest.raises(TemplateError, match="must be text"):
        check_template(None)  # type: ignore[arg-type]
    with pytest.raises(TemplateError, match="surrogate"):
        check_template("\udc80{}")


@given(st.text(max_size=40))
def test_whatever_comes_is_right_or_gets_a_right_example(template: str) -> None:
    try:
        assert check_template(template) == template
    except TemplateError as error:
        if "“" in str(error):
            check_template(str(error).split("“", 1)[1].rsplit("”", 1)[0])
    else:
        assert template.count("{}") == 1


@given(st.sampled_from([t for three in TEMPLATES.values() for t in three]), st.text(max_size=30))
def test_the_label_is_data(template: str, label: str) -> None:
    before, after = template.split("{}")
    assert fill(template, label) == before + label + after

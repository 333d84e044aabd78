"""Hypothesis templates: the sentence that the model is asked to believe, with ``{}`` where the label goes.

The table holds three templates a language; the first is the suggestion. Each reads naturally with labels as
people type them: a bare noun in its dictionary form, no article. That rules out what would bend the noun:

* French ``parle de {}`` (``de`` becomes ``d'`` before a vowel), Russian ``о {}``, German ``von {}``, Greek
  ``για {}``, Hindi and Urdu ``{} के बारे में`` / ``{} کے بارے میں`` (they ask for a case or an article): a
  noun after a colon, in apposition (``das Thema {}``) or as the predicate (``का विषय {} है``) keeps its
  dictionary form.
* Turkish ``{} ile`` and ``{} hakkında`` take nouns as they are; Bulgarian, Swahili, Vietnamese, Thai and
  Chinese nouns do not change.
"""

from __future__ import annotations

import re

from zeroshot.errors import TemplateError

MAX_TEMPLATE_LENGTH = 300
"""Characters.  A longer "template" is a text pasted into the wrong box, and would leave the text no room."""

TEMPLATES: dict[str, tuple[str, str, str]] = {
    "ar": ("هذا النص عن {}.", "موضوع هذا النص: {}.", "يتناول هذا النص الموضوع التالي: {}."),
    "bg": ("Този текст е за {}.", "Темата на този текст е {}.", "В този текст се говори за {}."),
    "de": (
        "In diesem Text geht es um das Thema {}.",
        "Das Thema dieses Textes ist {}.",
        "In diesem Text geht es um {}.",
    ),
    "el": ("Αυτό το κείμενο αφορά το θέμα: {}.", "Το θέμα αυτού του κειμένου είναι: {}.", "Κατηγορία: {}."),
    "en": (
        "This text is about {}.",
        "The topic of this text is {}.",
        "This text falls under the category: {}.",
    ),
    "es": ("Este texto trata sobre {}.", "Este texto habla de {}.", "El tema de este texto es: {}."),
    "fr": (
        "Le sujet de ce texte est : {}.",
        "Ce texte traite du thème suivant : {}.",
        "Thème du texte : {}.",
    ),
    "hi": ("इस पाठ का विषय {} है।", "यह पाठ इस विषय पर है: {}।", "इस पाठ की श्रेणी: {}।"),
    "ru": ("Тема текста: {}.", "Этот текст на тему «{}».", "Этот текст относится к категории «{}»."),
    "sw": (
        "Maandishi haya yanahusu {}.",
        "Mada ya maandishi haya ni {}.",
        "Maandishi haya yanazungumzia {}.",
    ),
    "th": ("ข้อความนี้เกี่ยวกับ{}", "หัวข้อของข้อความนี้คือ{}", "ข้อความนี้พูดถึงเรื่อง{}"),
    "tr": ("Bu metin {} ile ilgilidir.", "Bu metin {} hakkındadır.", "Bu metnin konusu: {}."),
    "ur": ("اس متن کا موضوع {} ہے۔", "یہ متن اس موضوع پر ہے: {}۔", "اس متن کا زمرہ: {}۔"),
    "vi": ("Văn bản này nói về {}.", "Chủ đề của văn bản này là {}.", "Văn bản này thuộc chủ đề {}."),
    "zh": ("这段文字是关于{}的。", "这段文字的主题是{}。", "这段文字谈论的是{}。"),
}

DEFAULT = TEMPLATES["en"][0]
"""For texts whose language we cannot tell."""

TRANSFORMERS_DEFAULT = "This example is {}."
"""What transformers' zero-shot pipeline uses when it is given none."""

_BRACED = re.compile(r"[{｛]+[^{}｛｝]*[}｝]+")
_STRAY = re.compile(r"[{}｛｝]")
_SPACES = re.compile(r"[^\S\n]{2,}")
_LOOSE_POINT = re.compile(r"\s+(?=[.,。।۔])")


def suggest_template(code: str | None) -> str:
    """The template to offer for a language code; the English one for a code that is not in the table."""
    return TEMPLATES.get(code or "", (DEFAULT,))[0]


def check_template(template: str) -> str:
    """Return ``template`` unchanged when it has exactly one ``{}`` and no other brace.

    Raises TemplateError with a corrected template otherwise: str.format would raise something unreadable for
    ``{x}``, ``{0`` or ``{} {}``, and would silently judge one and the same sentence for every label with
    ``{{}}``.
    """
    if not isinstance(template, str):
        raise TemplateError(f"The template must be text with one {{}} in it, such as “{DEFAULT}”.")
    if not template.strip():
        raise TemplateError(
            f"The template is empty: write a sentence with one {{}} in it, such as “{DEFAULT}”."
        )
    if len(template) > MAX_TEMPLATE_LENGTH:
        raise TemplateError(
            f"The template has {len(template):,} characters: shorten it to at most {MAX_TEMPLATE_LENGTH}."
        )
    if any("\ud800" <= c <= "\udfff" for c in template):
        raise TemplateError(
            "The template contains a broken character (half of a surrogate pair): type it again."
        )
    if template.count("{}") == 1 and not _STRAY.search(template.replace("{}", "")):
        return template
    if not _STRAY.search(template):
        problem = "has no {} to put the label in"
    elif template.count("{}") > 1:
        problem = "has more than one {}"
    else:
        problem = "has braces other than a single {}"
    raise TemplateError(f"The template {problem}: write for example “{_repair(template)}”.")


def fill(template: str, label: str) -> str:
    """The hypothesis for one label.  The label is data: braces in it are kept as they are."""
    before, _, after = template.partition("{}")
    return f"{before}{label}{after}"


def _repair(template: str) -> str:
    """The nearest template that is right: the first thing in braces becomes ``{}``, other braces go."""
    mark = "\ue000"  # a private-use character stands in for the label while the other braces are removed
    fixed = template.replace(mark, "")
    fixed = _BRACED.sub(mark, fixed, count=1)
    fixed = _LOOSE_POINT.sub("", _STRAY.sub("", _BRACED.sub("", fixed)))
    if mark not in fixed:
        body = fixed.rstrip()
        end = body[-1:] if body[-1:] in (*".!?。।۔",) else ""
        fixed = f"{body[: len(body) - len(end)]} {mark}{end}"
    fixed = _SPACES.sub(" ", fixed).strip()
    if len(fixed.replace(mark, "").strip(" .,:;!?")) == 0 or len(fixed) > 120:
        return DEFAULT
    return fixed.replace(mark, "{}")

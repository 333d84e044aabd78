"""The fifteen languages of XNLI: what the reference model was tuned on and what this product promises."""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """One language: ISO 639-1 code, English and own name, ISO 15924 script, direction of writing."""

    code: str
    name: str
    native_name: str
    script: str
    rtl: bool


LANGUAGES: dict[str, Language] = {
    code: Language(code, name, native_name, script, script == "Arab")
    for code, name, native_name, script in (
        ("ar", "Arabic", "العربية", "Arab"),
        ("bg", "Bulgarian", "Български", "Cyrl"),
        ("de", "German", "Deutsch", "Latn"),
        ("el", "Greek", "Ελληνικά", "Grek"),
        ("en", "English", "English", "Latn"),
        ("es", "Spanish", "Español", "Latn"),
        ("fr", "French", "Français", "Latn"),
        ("hi", "Hindi", "हिन्दी", "Deva"),
        ("ru", "Russian", "Русский", "Cyrl"),
        ("sw", "Swahili", "Kiswahili", "Latn"),
        ("th", "Thai", "ไทย", "Thai"),
        ("tr", "Turkish", "Türkçe", "Latn"),
        ("ur", "Urdu", "اردو", "Arab"),
        ("vi", "Vietnamese", "Tiếng Việt", "Latn"),
        ("zh", "Chinese", "中文", "Hans"),
    )
}

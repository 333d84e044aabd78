from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeroshot import LANGUAGES, detect_language

SENTENCES = {
    "ar": "أعلنت الحكومة اليوم عن إجراءات جديدة لدعم التعليم.",
    "bg": "Правителството обяви днес нови мерки в подкрепа на образованието.",
    "de": "Die Regierung hat heute neue Maßnahmen zur Förderung der Bildung angekündigt.",
    "el": "Η κυβέρνηση ανακοίνωσε σήμερα νέα μέτρα για την εκπαίδευση.",
    "en": "The government announced new measures to support education today.",
    "es": "El gobierno anunció hoy nuevas medidas para apoyar la educación.",
    "fr": "Le gouvernement a annoncé aujourd'hui de nouvelles mesures pour l'éducation.",
    "hi": "सरकार ने आज शिक्षा के लिए नए उपायों की घोषणा की।",
    "ru": "Правительство объявило сегодня о новых мерах поддержки образования.",
    "sw": "Serikali imetangaza leo hatua mpya za kusaidia elimu.",
    "th": "วันนี้รัฐบาลประกาศมาตรการใหม่เพื่อสนับสนุนการศึกษา",
    "tr": "Hükümet bugün eğitimi desteklemek için yeni önlemler açıkladı.",
    "ur": "حکومت نے آج تعلیم کے لیے نئے اقدامات کا اعلان کیا۔",
    "vi": "Hôm nay chính phủ đã công bố các biện pháp mới để hỗ trợ giáo dục.",
    "zh": "政府今天宣布了支持教育的新措施。",
}

SHORT = {
    "en": ["I miss you.", "Where is my parcel?", "HELLO MY FRIEND, HOW ARE YOU"],
    "es": ["¿Dónde está mi paquete?", "No funciona."],
    "de": ["Wo ist mein Paket?", "Das ist zu teuer."],
    "fr": ["Je t'aime !", "Mon colis n'est pas arrivé"],
    "tr": ["Paketim nerede?", "Bence bu film harikaydı"],
    "sw": ["Mzigo wangu uko wapi?", "Ninakupenda sana"],
    "vi": ["Đơn hàng của tôi đâu?"],
    "ru": ["Где мой заказ?", "Я не знаю."],
    "bg": ["Къде е поръчката ми?", "Не знам защо."],
    "zh": ["你好", "iPhone 手机很好"],
    "ar": ["أين طردي؟"],
    "ur": ["میرا آرڈر کہاں ہے؟"],
    "hi": ["मेरा पैकेज कहाँ है?", "सेवा Google Pay पर ठीक है"],
}

NEITHER = [
    "Il gatto è sul tavolo e dorme tutto il giorno.",
    "O governo anunciou hoje novas medidas para a educação.",
    "De regering heeft vandaag nieuwe maatregelen aangekondigd.",
    "Rząd ogłosił dziś nowe działania na rzecz edukacji.",
    "Уряд оголосив сьогодні про нові заходи підтримки освіти.",
    "دولت امروز اقدامات تازه‌ای را برای آموزش اعلام کرد.",
    "सरकारने आज शिक्षणासाठी नवीन उपाययोजना जाहीर केल्या आहेत.",
    "政府は今日、教育を支援する新しい措置を発表しました。",
    "정부는 오늘 교육을 지원하기 위한 새로운 조치를 발표했다.",
    "הממשלה הודיעה היום על צעדים חדשים.",
]

NOTHING = [
    "",
    " \n",
    "ok",
    "Hi",
    "?!",
    "123 456",
    "😀😀",
    "https://example.com/the/page",
    "a@example.com",
    "好",
    "\u200b" * 50,
]


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_a_sentence(code: str) -> None:
    found = detect_language(SENTENCES[code])
    assert found is not None
    assert found.code == code
    assert found.confidence > 0.9


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in SHORT.items() for text in texts])
def test_a_few_words(code: str, text: str) -> None:
    found = detect_language(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", NEITHER)
def test_a_language_that_is_none_of_ours(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize("text", NOTHING)
def test_too_little_to_tell(text: str) -> None:
    assert detect_language(text) is None


def test_hindi_and_urdu_in_latin_letters_are_marked_as_doubtful() -> None:
    found = detect_language("mujhe nahi pata ke woh kahan hai")
    assert found is not None
    assert found.code in {"hi", "ur"}
    assert found.confidence < 0.7


@given(st.text(max_size=300))
def test_whatever_comes(text: str) -> None:
    found = detect_language(text)
    assert found == detect_language(text)
    assert found is None or (found.code in LANGUAGES and 0.5 <= found.confidence <= 1)


def test_a_huge_text_costs_no_more() -> None:
    assert detect_language(SENTENCES["sw"] * 100_000) == detect_language(SENTENCES["sw"] * 1_000)


def test_threads_agree() -> None:
    texts = [*SENTENCES.values(), *NEITHER] * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(detect_language, texts)) == [detect_language(text) for text in texts]


def test_processes_agree() -> None:
    program = "import sys; from zeroshot import detect_language as d; print([d(t) for t in sys.argv[1:]])"
    texts = [*SENTENCES.values(), *NEITHER, *(text for texts in SHORT.values() for text in texts)]
    answers = {
        subprocess.run(
            [sys.executable, "-c", program, *texts],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            encoding="utf-8",
        ).stdout
        for seed in ("1", "2")
    }
    assert answers == {f"{[detect_language(text) for text in texts]}\n"}

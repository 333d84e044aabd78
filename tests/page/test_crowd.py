"""Forty programs at once, some of which leave before their answer: those who stay get what they get alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from benchmarks.served import ask
from tests.page.conftest import Server

CLIENTS = 40
LONG = "The council met to decide what the new tram line may cost and who is going to pay for it. " * 15
QUESTIONS = [
    ("The team won the cup.", ["sports", "politics", "food"]),
    ("Поезд опять опоздал на два часа.", ["transport", "погода"]),
    ("میرا آرڈر ابھی تک نہیں آیا۔", ["delivery", "refund", "praise"]),
    (LONG, ["transport", "money", "music", "law", "sports", "health"]),
]


def scores(client: httpx.Client, url: str, number: int) -> dict[str, float]:
    text, labels = QUESTIONS[number % len(QUESTIONS)]
    answer = ask(client, url, text, labels)
    assert answer is not None, text
    return dict(zip(answer["labels"], answer["scores"], strict=True))


def leave(client: httpx.Client, url: str, number: int, *, listen: bool) -> None:
    """Asks something new, which no cache holds, and goes."""
    call = f"{url}/gradio_api/call/classify"
    text, labels = f"{LONG} {number}", ["transport", "money", "music", "law"]
    task = client.post(call, json={"data": [text, labels, None, False, None]})
    assert task.is_success, task.text
    if listen:
        with client.stream("GET", f"{call}/{task.json()['event_id']}") as lines:
            next(lines.iter_lines(), None)


def test_forty_clients_of_whom_a_third_leaves(server: Server) -> None:
    url = server.url.rstrip("/")

    def visit(number: int) -> dict[str, float] | None:
        with httpx.Client(timeout=300) as client:
            if number % 3 == 2:
                return leave(client, url, number, listen=number % 2 == 0)
            return scores(client, url, number)

    with httpx.Client(timeout=300) as client:
        alone = [scores(client, url, number) for number in range(len(QUESTIONS))]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(visit, range(CLIENTS)))
        for number, answer in enumerate(answers):
            if answer is not None:
                assert answer == pytest.approx(alone[number % len(QUESTIONS)], abs=1e-4)
        assert sum(answer is not None for answer in answers) == CLIENTS - CLIENTS // 3
        assert scores(client, url, 0) == pytest.approx(alone[0], abs=1e-4)

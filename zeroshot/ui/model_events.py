"""Choosing a model: what it is good for, and its download in sight while others answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from zeroshot.errors import ZeroShotError
from zeroshot.ui.events import AT_ONCE
from zeroshot.ui.runs import is_gone

if TYPE_CHECKING:
    from gradio.events import Dependency

    from zeroshot.ui.layout import ClassifyTab
    from zeroshot.ui.models import Models

LOOK_EVERY = 0.5
"""Seconds between two looks at a download."""


class ModelWatch:
    """Tells each visitor how the model that they look at stands, for as long as that changes."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._turn: dict[str, int] = {}

    async def follow(self, name: str, request: gr.Request, *, fetch: bool) -> AsyncIterator[list[Any]]:
        """Values of the help text and of the chooser; begins the download where `fetch` says so."""
        session = request.session_hash or ""
        turn = self._turn[session] = self._turn.get(session, 0) + 1
        try:
            if fetch:
                await asyncio.to_thread(self._models.fetch, name)
            changes = True
            while changes and self._turn.get(session) == turn and not is_gone(request):
                sentence, changes = await asyncio.to_thread(self._models.status, name)
                # With new titles the chooser would fall back to its first value: it is told which to keep.
                titles = gr.skip() if changes else gr.update(choices=self._models.choices(), value=name)
                yield [_help(sentence), titles]
                await asyncio.sleep(LOOK_EVERY if changes else 0)
        except ZeroShotError as error:
            yield [_help(str(error)), gr.skip()]
        finally:
            if self._turn.get(session) == turn:
                del self._turn[session]


def connect_models(tab: ClassifyTab, filled: Dependency, models: Models) -> None:
    """Choosing fetches what is not here; the choice that a link or the browser's memory made only tells.

    Args:
        filled: the event after which the form holds the visitor's choice.
    """
    watch = ModelWatch(models)

    async def chosen(name: str, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for parts in watch.follow(name, request, fetch=True):
            yield parts

    async def seen(name: str, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for parts in watch.follow(name, request, fetch=False):
            yield parts

    tab.model.input(chosen, tab.model, [tab.model_help, tab.model], **AT_ONCE)
    filled.then(seen, tab.model, [tab.model_help, tab.model], **AT_ONCE)


def _help(sentence: str) -> str:
    return f'<p class="zs-help" role="status">{escape(sentence)}</p>'

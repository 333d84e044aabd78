"""Work in progress: who is being answered, how it is stopped, and when there is too much of it.

A run is one classification in a thread of its own, so that the event loop stays free and the engine can share
its chunks among all of them. It stops when its visitor says so, asks for something else, or goes away.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

from zeroshot.errors import BusyError, Cancelled
from zeroshot.ui import wording

if TYPE_CHECKING:
    import gradio as gr

T = TypeVar("T")

LOOK_EVERY = 0.2
"""Seconds between two looks at a run: has it ended, is its visitor still there?"""


class Run(Generic[T]):
    """One piece of work and its progress, `done` of `total` pairs."""

    def __init__(self) -> None:
        self.cancel = threading.Event()
        self.replaced = False
        self.done = 0
        self.total = 0
        self.started = time.monotonic()

    def progress(self, done: int, total: int) -> None:
        """What the pipeline calls after each chunk."""
        self.done, self.total = done, total


class Runs:
    """All runs of one server."""

    def __init__(self, max_active: int) -> None:
        self._max_active = max_active
        self._threads = ThreadPoolExecutor(max_active, thread_name_prefix="run")
        self._of_session: dict[str, Run[object]] = {}
        self._active = 0
        self._recent: deque[float] = deque([2.0], maxlen=50)

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """A place among the active runs; only the event loop takes and frees places, so no lock is needed.

        Raises:
            BusyError: when all places are taken.
        """
        if self._active >= self._max_active:
            wait = max(1, round(statistics.median(self._recent)))
            raise BusyError(wait, wording.busy(self._active, wait))
        self._active += 1
        started = time.monotonic()
        try:
            yield
        finally:
            self._active -= 1
            self._recent.append(time.monotonic() - started)

    async def follow(
        self, work: Callable[[Run[T]], T], request: gr.Request | None, *, replace: bool = True
    ) -> AsyncIterator[Run[T] | T]:
        """Do `work(run)` in a thread; yields the run now and then while it goes on, its result at the end.

        Args:
            request: whose work it is; None for nobody in particular.
            replace: whether it takes the place of what the same visitor still has going.

        Raises:
            BusyError: when there is too much to do already.
            Cancelled: when it was stopped. `run.replaced` tells whether by a newer run.
            Exception: whatever `work` raises.
        """
        session = (request.session_hash if request else None) or ""
        run: Run[T] = Run()
        with self._place():
            if replace and session:
                if older := self._of_session.get(session):
                    older.replaced = True
                    older.cancel.set()
                self._of_session[session] = run  # type: ignore[assignment]
            future = asyncio.get_running_loop().run_in_executor(self._threads, work, run)
            try:
                while not (await asyncio.wait({future}, timeout=LOOK_EVERY))[0]:
                    if is_gone(request):
                        run.cancel.set()
                    yield run
                yield future.result()
            except Cancelled:
                if run.replaced:
                    raise ReplacedError from None
                raise
            finally:  # also when this task itself is cancelled: the thread must not go on for nobody
                run.cancel.set()
                future.add_done_callback(lambda done: done.cancelled() or done.exception())
                if self._of_session.get(session) is run:
                    del self._of_session[session]

    def stop(self, request: gr.Request) -> None:
        """Stop what the visitor of `request` has going."""
        if run := self._of_session.get(request.session_hash or ""):
            run.cancel.set()


class ReplacedError(Cancelled):
    """Stopped because the same visitor asked for something newer."""


def is_gone(request: gr.Request | None) -> bool:
    """Whether the visitor closed the connection on which the answer would go out.

    Gradio marks the waiting event as dead but does not tell its function; there is no public way to ask.
    """
    if request is None or request.request is None or not request.session_hash:
        return False
    try:
        queue = request.request.app.get_blocks()._queue  # noqa: SLF001
        jobs = [event for job in queue.active_jobs if job for event in job]
        mine = [event.alive for event in jobs if event.session_hash == request.session_hash]
    except AttributeError:  # another Gradio: the run then ends by itself
        return False
    return bool(mine) and not any(mine)

"""The thread that computes.  All engines on the CPU share one.

There is one not only so that two models do not fight for the cores.  torch's operators are spread over the
cores by OpenMP, which keeps a team of threads for every thread that ever asked; once the teams together have
more threads than there are cores, each of them goes to sleep after every operator and must be woken for the
next, and a forward of short texts takes twice as long.  For the same reason `in_passing` is the place for
other heavy work.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

LOOK_SECONDS = 60.0
"""How often an idle thread looks whether anybody is left to serve."""


class Source(Protocol):
    """Something that has chunks to compute.  `ready` and `take` are called with the worker's lock held."""

    def ready(self) -> bool:
        """Whether there is work."""
        ...

    def take(self) -> Any:
        """The next chunk."""
        ...

    def do(self, chunk: Any) -> None:
        """Computes it.  Must not raise."""
        ...


class Worker:
    """A thread that serves its sources in turn, a chunk each.

    It starts with the first source and ends after the last.  Sources are not held: one that its owner has let
    go of is forgotten, and the model behind it.

    Attributes:
        lock: guards the worker and its sources.
        changed: to be notified, with the lock held, when a source has become ready.
    """

    def __init__(self, name: str = "zeroshot-engine", prepare: Callable[[], object] | None = None) -> None:
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self._name = name
        self._prepare = prepare
        self._sources: list[weakref.ref[Source]] = []
        self._thread: threading.Thread | None = None

    def add(self, source: Source) -> None:
        """Sees to it that a source is served, until it is removed or gone.  The lock is held."""
        if self._thread is None or not self._thread.is_alive():  # a forked child has no threads
            thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            thread.start()
            self._thread = thread
        if weakref.ref(source) not in self._sources:
            self._sources.append(weakref.ref(source))

    def remove(self, source: Source) -> None:
        """Forgets a source.  The lock is held."""
        if weakref.ref(source) in self._sources:
            self._sources.remove(weakref.ref(source))
            self.changed.notify_all()

    def _serve(self) -> None:
        if self._prepare is not None:
            self._prepare()
        while self._turn():
            pass

    def _turn(self) -> bool:
        with self.lock:
            while (source := self._next()) is None:
                if not self._sources:
                    self._thread = None
                    return False
                self.changed.wait(LOOK_SECONDS)
            chunk = source.take()
        source.do(chunk)
        return True

    def _next(self) -> Source | None:
        """The source whose turn it is."""
        self._sources = [known for known in self._sources if known() is not None]
        for known in self._sources:
            source = known()
            if source is not None and source.ready():
                self._sources.remove(known)
                self._sources.append(known)
                return source
        return None


def _prepare_cpu() -> None:
    import torch

    from zeroshot.engine.machine import cores

    torch.set_num_threads(cores())  # the number belongs to the thread that sets it


CPU = Worker("zeroshot-cpu", _prepare_cpu)
"""Computes for every engine on the CPU of this process."""


def in_passing(function: Callable[[], Result]) -> Result:
    """`function()`, on a thread that ends with it, and its OpenMP team as well."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again below, where it belongs
            errors.append(error)

    thread = threading.Thread(target=run, name="zeroshot-passing")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]

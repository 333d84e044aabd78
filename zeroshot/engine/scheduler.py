"""Turns: many callers, one thread that computes, bounded chunks of work.

Each call brings pairs; the worker takes some from each call in turn (deficit round robin over tokens),
computes them together and hands the rows back.  Where short calls wait beside long ones, every second chunk
is theirs alone.  So three labels on a tweet are not stuck behind a hundred on a long page, and what one chunk
needs in memory does not grow with the number of pairs that wait.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from zeroshot.engine.worker import Worker
from zeroshot.errors import BusyError, Cancelled, ZeroShotError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

Item = TypeVar("Item")

POLL_SECONDS = 0.05
"""How often a waiting caller looks at its `cancel` event between chunks."""

UNLOADED = "The model was unloaded: ask again."

SMALLEST_TURN = 64
"""Tokens that a call may take in one turn, however many wait: less would break the work into crumbs."""


class _Job(Generic[Item]):
    """One call: its items, the dearest first, and what has been computed of them."""

    def __init__(
        self,
        items: Sequence[Item],
        costs: Sequence[int],
        cancel: threading.Event | None,
        lock: threading.Lock,
    ) -> None:
        self.items = items
        self.costs = costs
        self.cancel = cancel
        # Items of like length side by side: fewer groups in a chunk, and the largest memory need comes first.
        self.waiting = deque(sorted(range(len(items)), key=lambda index: -costs[index]))
        self.waiting_cost = sum(costs)
        self.rows: Rows | None = None
        self.done = 0
        self.error: Exception | None = None
        self.credit = 0
        self.moved = threading.Condition(lock)

    @property
    def cancelled(self) -> bool:
        return self.cancel is not None and self.cancel.is_set()

    def take(self) -> int:
        index = self.waiting.popleft()
        self.waiting_cost -= self.costs[index]
        self.credit -= self.costs[index]
        return index

    def give(self, indices: list[int], rows: Rows) -> None:
        if self.rows is None:
            self.rows = np.empty((len(self.items), rows.shape[1]), np.float32)
        self.rows[indices] = rows
        self.done += len(indices)


class Scheduler(Generic[Item]):
    """Runs `compute` on a worker's thread, over the items of all callers.

    Args:
        compute: items -> one row `float32 [classes]` each; called on the worker thread only.
        budget: cost (tokens) that one chunk may have, half of it where a long call has company; one item that
            costs more is a chunk alone.
        max_calls: calls that may wait or run at once; one more gets `BusyError`.
        worker: whose thread computes; one of its own by default.
    """

    def __init__(
        self,
        compute: Callable[[list[Item]], Rows],
        *,
        budget: int,
        max_calls: int = 256,
        worker: Worker | None = None,
    ) -> None:
        self._compute = compute
        self._budget = budget
        self._max_calls = max_calls
        self._worker = worker or Worker()
        self._lock = self._worker.lock
        self._ring: deque[_Job[Item]] = deque()
        self._was_brief = False
        """Whether the last chunk was for short calls alone."""
        self._calls = 0
        self._closed = False
        self._speed = 0.0
        """Cost computed per second, lately; 0 before the first chunk."""

    def run(
        self,
        items: Sequence[Item],
        costs: Sequence[int],
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Rows:
        """Computes `items` among everybody else's; blocks until they are done.

        Args:
            costs: of each item, in tokens.
            progress: called on this thread with `(done, total)` items after each chunk that brought some.
            cancel: set it from any thread to stop between two chunks.

        Returns:
            `float32 [items, classes]`, in the order of `items`.  `items` must not be empty.

        Raises:
            Cancelled: `cancel` was set before everything was done.
            BusyError: too many calls are waiting.
            ZeroShotError: the scheduler was closed.
        """
        job = _Job(items, costs, cancel, self._lock)
        self._join(job)
        seen = 0
        try:
            while True:
                with self._lock:
                    if job.done == seen and job.error is None:
                        job.moved.wait(None if cancel is None else POLL_SECONDS)
                    before, seen, error = seen, job.done, job.error
                if error is not None:
                    raise error
                if progress is not None and seen > before:
                    progress(seen, len(items))
                if seen == len(items) and job.rows is not None:
                    return job.rows
                if job.cancelled:
                    raise Cancelled
        finally:
            self._leave(job)

    def close(self) -> None:
        """Computes nothing more; calls that wait get an error.  May be called twice."""
        with self._lock:
            self._closed = True
            for job in self._ring:
                self._fail(job, ZeroShotError(UNLOADED))
            self._ring.clear()
            self._worker.remove(self)

    def _join(self, job: _Job[Item]) -> None:
        with self._lock:
            if self._closed:
                raise ZeroShotError(UNLOADED)
            if job.cancelled:
                raise Cancelled
            if self._calls >= self._max_calls:
                raise BusyError(self._seconds_left())
            self._worker.add(self)  # may fail for want of threads: nobody has joined then
            self._calls += 1
            self._ring.append(job)
            self._worker.changed.notify()

    def _leave(self, job: _Job[Item]) -> None:
        with self._lock:
            self._calls -= 1
            job.waiting.clear()
            if job in self._ring:
                self._ring.remove(job)

    def _seconds_left(self) -> float:
        cost = sum(job.waiting_cost for job in self._ring)
        return max(1.0, cost / self._speed) if self._speed else 5.0

    def _fail(self, job: _Job[Item], error: Exception) -> None:
        job.error = error
        job.waiting.clear()
        job.moved.notify_all()

    def ready(self) -> bool:
        """Whether anybody waits; see `worker.Source`."""
        return bool(self._ring)

    def take(self) -> list[tuple[_Job[Item], int]]:
        """The next chunk: turns until the budget is spent, as `(job, index of its item)`."""
        chunk: list[tuple[_Job[Item], int]] = []
        for job in self._ring:
            if job.cancelled:
                self._fail(job, Cancelled())
        ring = self._ring = deque(job for job in self._ring if job.waiting)
        left = self._budget
        brief = [job for job in ring if 2 * job.waiting_cost <= self._budget]
        long = len(ring) - len(brief)
        if long and len(ring) > 1:
            left //= 2  # whoever comes next must not wait long
        self._was_brief = bool(brief and long) and not self._was_brief
        if self._was_brief:
            ring = deque(brief)
        turn = max(SMALLEST_TURN, left // max(1, len(ring)))
        for job in ring:
            # Credit saved while nobody else waited must not now be spent before the others' turn.
            job.credit = min(max(job.credit, turn), max(turn, job.costs[job.waiting[0]]))
        while ring:
            job = ring[0]
            cost = job.costs[job.waiting[0]]
            if cost > job.credit:
                job.credit += turn
                ring.rotate(-1)
                continue
            if cost > left and chunk:
                break
            chunk.append((job, job.take()))
            left -= cost
            if not job.waiting:
                ring.popleft()
        return chunk

    def do(self, chunk: list[tuple[_Job[Item], int]]) -> None:
        """Computes a chunk and hands out its rows."""
        mine: dict[_Job[Item], list[int]] = {}
        for job, index in chunk:
            mine.setdefault(job, []).append(index)
        if not mine:
            return  # everybody in the ring had left
        start = time.perf_counter()
        try:
            rows = self._compute([job.items[index] for job, indices in mine.items() for index in indices])
        except Exception as error:  # noqa: BLE001 - whatever it was, it must reach its caller and nobody else
            self._apart(mine, error)
            return
        seconds = max(time.perf_counter() - start, 1e-6)
        cost = sum(job.costs[index] for job, index in chunk)
        with self._lock:
            self._speed = cost / seconds if not self._speed else 0.8 * self._speed + 0.2 * cost / seconds
            at = 0
            for job, indices in mine.items():
                self._give(job, indices, rows[at : at + len(indices)])
                at += len(indices)

    def _give(self, job: _Job[Item], indices: list[int], rows: Rows) -> None:
        try:
            job.give(indices, rows)
            job.moved.notify_all()
        except Exception as error:  # noqa: BLE001 - the thread that computes must go on
            self._fail(job, error)

    def _apart(self, mine: dict[_Job[Item], list[int]], error: Exception) -> None:
        """A chunk failed: computes each call's share by itself, so that the one at fault fails alone."""
        _let_go(error)
        for job, indices in mine.items():
            try:
                rows = None if len(mine) == 1 else self._compute([job.items[index] for index in indices])
            except Exception as own:  # noqa: BLE001 - as above
                _let_go(own)
                error, rows = own, None
            with self._lock:
                if rows is None:
                    self._fail(job, error)
                else:
                    self._give(job, indices, rows)


def _let_go(error: Exception) -> None:
    """Frees what the frames of a failed computation still hold: it may be the memory that was lacking."""
    traceback.clear_frames(error.__traceback__)

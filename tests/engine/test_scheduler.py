"""Turns between callers.  No clocks: a gate holds the worker while the callers line up."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from zeroshot.engine.scheduler import Scheduler
from zeroshot.engine.worker import Worker
from zeroshot.errors import BusyError, Cancelled, ZeroShotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from numpy.typing import NDArray

WAIT = 30.0
"""Seconds after which a test gives up: only a deadlock takes as long."""


class Bench:
    """A scheduler whose `compute` waits for the test and writes down each chunk."""

    def __init__(self, budget: int = 512, max_calls: int = 64) -> None:
        self.chunks: list[list[float]] = []
        self.gate = threading.Semaphore(0)
        self.started = threading.Semaphore(0)
        self.scheduler: Scheduler[float] = Scheduler(self._compute, budget=budget, max_calls=max_calls)
        self.pool = ThreadPoolExecutor(16)

    def _compute(self, items: list[float]) -> NDArray[np.float32]:
        self.chunks.append(items)
        self.started.release()
        assert self.gate.acquire(timeout=WAIT)
        if any(item < 0 for item in items):
            raise RuntimeError("a bad item")
        return np.array([[item, 2 * item] for item in items], np.float32)

    def call(self, items: list[float], cost: int, **options: object) -> Future[NDArray[np.float32]]:
        """Starts a call and returns once it waits in the ring."""
        before = self.scheduler._calls
        call: Callable[..., NDArray[np.float32]] = self.scheduler.run
        future = self.pool.submit(call, items, [cost] * len(items), **options)
        while self.scheduler._calls == before and not future.done():
            threading.Event().wait(0.001)
        return future

    def chunk_started(self) -> None:
        assert self.started.acquire(timeout=WAIT)

    def let_run(self, chunks: int = 1000) -> None:
        self.gate.release(chunks)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.let_run()
    bench.scheduler.close()
    bench.pool.shutdown()


def values(numbers: range) -> list[float]:
    return [float(number) for number in numbers]


def test_rows_come_back_in_order_whatever_their_cost(bench: Bench) -> None:
    bench.let_run()
    rng = np.random.default_rng(0)
    items = values(range(300))
    rows = bench.scheduler.run(items, rng.integers(1, 600, 300).tolist())
    assert rows.tolist() == [[item, 2 * item] for item in items]


def test_a_chunk_stays_within_the_budget_and_one_large_item_is_a_chunk_alone(bench: Bench) -> None:
    bench.let_run()
    bench.scheduler.run(values(range(4)), [2000, 300, 300, 200])
    assert bench.chunks == [[0.0], [1.0], [2.0, 3.0]]


def test_a_short_call_passes_a_long_one(bench: Bench) -> None:
    long = bench.call(values(range(1000, 1100)), 100)
    bench.chunk_started()
    short = bench.call([1.0, 2.0, 3.0], 30)
    bench.let_run(2)
    assert short.result(WAIT).tolist() == [[1, 2], [2, 4], [3, 6]]
    assert not long.done()
    assert set(bench.chunks[1]) == {1.0, 2.0, 3.0}, "the chunk that followed its arrival was its own"


def test_short_calls_share_a_chunk_and_long_ones_have_every_second(bench: Bench) -> None:
    bench.call(values(range(1000, 1100)), 100)
    bench.call(values(range(2000, 2100)), 100)
    bench.chunk_started()
    for turn in range(3):
        short = [bench.call([float(item), item + 0.5], 30) for item in range(10 * turn, 10 * turn + 4)]
        bench.let_run(1)
        bench.chunk_started()
        bench.let_run(1)
        bench.chunk_started()
        for future in short:
            future.result(WAIT)
    kinds = [{"long" if item >= 1000 else "short" for item in chunk} for chunk in bench.chunks[1:7]]
    assert kinds == [{"short"}, {"long"}] * 3
    assert {int(item) // 1000 for item in bench.chunks[2]} == {1, 2}, "long calls share theirs as well"


def test_forty_calls_finish_in_the_order_of_their_length(bench: Bench) -> None:
    first = bench.call([0.0], 10)
    bench.chunk_started()
    bench.pool = ThreadPoolExecutor(64)
    calls = {}
    for number in range(1, 41):
        length = 200 if number % 2 else 2
        calls[number] = bench.call([number + item / 1000 for item in range(length)], 40)
    bench.let_run()
    for future in (first, *calls.values()):
        future.result(WAIT)
    last_chunk = {int(item): at for at, chunk in enumerate(bench.chunks) for item in chunk}
    short = [last_chunk[number] for number in calls if number % 2 == 0]
    # 40 calls, turns of 64 tokens: a short call of 80 tokens is through on its second turn.
    assert max(short) <= 2 * 40 * 64 // 512 + 2
    assert max(short) < min(last_chunk[number] for number in calls if number % 2)


def test_progress_is_told_after_each_chunk(bench: Bench) -> None:
    bench.let_run()
    told: list[tuple[int, int]] = []
    bench.scheduler.run(
        values(range(10)), [256] * 10, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_a_cancelled_call_stops_and_frees_its_place(bench: Bench) -> None:
    cancel = threading.Event()
    call = bench.call(values(range(100)), 100, cancel=cancel)
    bench.chunk_started()
    cancel.set()
    with pytest.raises(Cancelled):
        call.result(WAIT)  # it does not wait for the chunk that runs
    other = bench.call([7.0], 10)
    bench.let_run()
    assert other.result(WAIT).tolist() == [[7, 14]]
    assert len(bench.chunks) == 2, "nothing more was computed for it"
    assert bench.scheduler._calls == 0


def test_a_call_that_is_cancelled_before_it_starts(bench: Bench) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        bench.scheduler.run([1.0], [1], cancel=cancel)
    assert bench.chunks == []


def test_a_progress_that_raises_frees_its_place(bench: Bench) -> None:
    def vanish(*_: int) -> None:
        raise ConnectionError

    call = bench.call(values(range(1000)), 256, progress=vanish)
    bench.chunk_started()
    bench.let_run(1)
    with pytest.raises(ConnectionError):
        call.result(WAIT)
    bench.let_run()
    assert bench.scheduler.run([5.0], [1]).tolist() == [[5, 10]]
    assert len(bench.chunks) <= 3, "nothing more was computed for it"


def test_a_full_queue_says_when_to_come_back() -> None:
    bench = Bench(max_calls=2)
    calls = [bench.call([float(number)], 10) for number in range(2)]
    with pytest.raises(BusyError, match="try again in") as error:
        bench.scheduler.run([3.0], [10])
    assert error.value.retry_after >= 1
    bench.let_run()
    assert [call.result(WAIT)[0, 0] for call in calls] == [0, 1]
    assert bench.scheduler.run([3.0], [10]).tolist() == [[3, 6]], "there is room again"
    bench.scheduler.close()


def test_a_scheduler_that_nobody_holds_lets_go_of_what_it_computed_with() -> None:
    class Model:
        def __call__(self, items: list[float]) -> NDArray[np.float32]:
            return np.zeros((len(items), 2), np.float32)

    model = Model()
    gone = weakref.ref(model)
    worker = Worker()
    scheduler: Scheduler[float] = Scheduler(model, budget=64, worker=worker)
    scheduler.run([1.0], [1])
    del scheduler, model
    other: Scheduler[float] = Scheduler(
        lambda items: np.ones((len(items), 2), np.float32), budget=64, worker=worker
    )
    assert other.run([1.0], [1]).tolist() == [[1, 1]], "the thread serves others"
    gc.collect()
    assert gone() is None
    other.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_scheduler_works_on_in_a_forked_child() -> None:
    script = """
import os, signal
import numpy as np
from zeroshot.engine.scheduler import Scheduler
scheduler = Scheduler(lambda items: np.array([[item] for item in items], np.float32), budget=64)
scheduler.run([1.0], [1])
child = os.fork()
if not child:
    signal.alarm(30)  # ends a child that hangs
    os._exit(int(scheduler.run([7.0], [1])[0, 0]))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "7"


def test_an_error_reaches_its_own_caller_only(bench: Bench) -> None:
    first = bench.call([1.0], 10)
    bench.chunk_started()
    bad, good = bench.call([-1.0], 10), bench.call([2.0], 10)
    bench.let_run()
    assert first.result(WAIT).tolist() == [[1, 2]]
    with pytest.raises(RuntimeError, match="a bad item"):
        bad.result(WAIT)
    assert good.result(WAIT).tolist() == [[2, 4]]
    assert bench.scheduler.run([4.0], [1]).tolist() == [[4, 8]], "the worker lives"


def test_what_a_failed_chunk_held_is_free_when_its_calls_are_tried_apart() -> None:
    """After running out of memory there would not be enough for anybody else."""
    held: list[weakref.ref[NDArray[np.float32]]] = []
    alive: list[int] = []
    begun = threading.Event()
    go = threading.Event()

    def compute(items: list[float]) -> NDArray[np.float32]:
        alive.append(sum(one() is not None for one in held))
        begun.set()
        assert go.wait(WAIT)
        activations = np.zeros((len(items), 2), np.float32)
        held.append(weakref.ref(activations))
        if any(item < 0 for item in items):
            raise MemoryError
        return activations.copy()

    scheduler: Scheduler[float] = Scheduler(compute, budget=64)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(scheduler.run, [1.0], [1])
        assert begun.wait(WAIT)
        calls = []
        for item in (-1.0, 2.0):
            calls.append(pool.submit(scheduler.run, [item], [1]))
            while len(scheduler._ring) < len(calls):
                threading.Event().wait(0.001)
        go.set()
        assert first.result(WAIT).shape == calls[1].result(WAIT).shape == (1, 2)
        assert isinstance(calls[0].exception(WAIT), MemoryError)
    assert alive == [0, 0, 0, 0], "one chunk, one of both that failed, and each call alone"
    scheduler.close()


def test_a_backend_that_returns_too_little_stops_nobody_else() -> None:
    scheduler: Scheduler[float] = Scheduler(
        lambda items: np.zeros((len(items) - (9.0 in items), 2), np.float32), budget=64
    )
    with pytest.raises(ValueError, match="shape"):
        scheduler.run([9.0, 9.0, 9.0], [1, 1, 1])
    assert scheduler.run([1.0], [1]).shape == (1, 2)
    scheduler.close()


def test_a_chunk_is_filled_though_the_next_item_is_too_large_for_it(bench: Bench) -> None:
    large = bench.call(values(range(100)), 250)
    bench.chunk_started()
    small = bench.call(values(range(1000, 1100)), 10)
    bench.let_run()
    large.result(WAIT)
    small.result(WAIT)
    both = [chunk for chunk in bench.chunks if any(item >= 1000 for item in chunk)]
    assert len(both) <= 10, "100 small items in a few chunks, not in crumbs"


def test_a_call_dropped_by_its_event_is_told_at_once(bench: Bench) -> None:
    first = bench.call([0.0], 10)
    bench.chunk_started()
    cancel = threading.Event()
    call = bench.call([1.0], 10, cancel=cancel)
    cancel.set()
    bench.let_run()
    first.result(WAIT)
    with pytest.raises(Cancelled):
        call.result(WAIT)


def test_close_ends_waiting_calls_and_refuses_new_ones(bench: Bench) -> None:
    running = bench.call(values(range(100)), 100)
    bench.chunk_started()
    closing = threading.Thread(target=bench.scheduler.close)
    closing.start()
    with pytest.raises(ZeroShotError, match="unloaded"):
        running.result(WAIT)
    bench.let_run()
    closing.join(WAIT)
    with pytest.raises(ZeroShotError, match="unloaded"):
        bench.scheduler.run([1.0], [1])

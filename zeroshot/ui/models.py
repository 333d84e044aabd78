"""Which model answers: loading after the page is served, and downloads that nobody has to wait for."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

from zeroshot.detection import warm_up as warm_up_detection
from zeroshot.errors import Cancelled, ModelFormatError, ModelUnavailableError, ZeroShotError
from zeroshot.models import download
from zeroshot.models.cache import is_cached
from zeroshot.models.catalogue import CATALOGUE, EMBEDDED, Entry, find_entry
from zeroshot.models.loading import choose_default, register_local
from zeroshot.ui import wording

if TYPE_CHECKING:
    from zeroshot.pipeline import ZeroShotPipeline
    from zeroshot.settings import Settings


class Models:
    """The models of one server: the one that answers from the start, and those that visitors choose.

    `default` is the name of the first. If it cannot be loaded, the embedded one stands in: see `trouble`.
    """

    def __init__(self, settings: Settings) -> None:
        self._device = settings.device
        self._precision = settings.precision
        self.trouble: str | None = None
        self.default = self._first(settings.model)
        self._ready = threading.Event()
        self._started = threading.Lock()
        self._failure: ZeroShotError | None = None
        self._damaged: set[str] = set()

    def _first(self, wanted: str | None) -> str:
        if wanted:
            return wanted if wanted in CATALOGUE else register_local(wanted)
        return choose_default()

    def start(self) -> None:
        """Loads the first model in a thread; does nothing when called again."""
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._load, name="load model", daemon=True).start()

    def _load(self) -> None:
        gc.disable()  # hundreds of thousands of objects are made, none of them garbage: looking takes a tenth
        try:
            self._load_first()
        except ZeroShotError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - visitors wait for this thread: they get a sentence in any case
            self._failure = ModelUnavailableError(
                f"The model could not be loaded ({type(error).__name__}): restart the demo."
            )
        finally:
            self._ready.set()
            gc.enable()
        warm_up_detection()  # after the model, which takes longer: whoever types before that warms it up

    def _load_first(self) -> None:
        try:
            self._pipeline(self.default).warm_up()
        except ZeroShotError as error:
            if self.default == EMBEDDED:
                raise
            self.trouble = f"{error} Until then the embedded model answers."
            self.default = EMBEDDED
            self._pipeline(EMBEDDED).warm_up()

    def _pipeline(self, name: str) -> ZeroShotPipeline:
        from zeroshot.pipeline import get_pipeline

        return get_pipeline(name, self._device, self._precision)

    @property
    def is_ready(self) -> bool:
        """Whether the first model is there, or has failed for good."""
        return self._ready.is_set()

    def names(self) -> list[str]:
        """What a visitor may choose."""
        return list(CATALOGUE)

    def choices(self) -> list[tuple[str, str]]:
        """Title and name of each, the title with what it costs to get the model."""
        return [(_described(entry), name) for name, entry in CATALOGUE.items()]

    def title(self, name: str) -> str:
        """The model's name for people."""
        return find_entry(name).title

    def wait(self, cancel: threading.Event) -> None:
        """Returns when the first model is there.

        Raises:
            Cancelled: `cancel` was set meanwhile.
            ZeroShotError: it cannot be loaded.
        """
        self.start()
        while not self._ready.wait(0.1):
            if cancel.is_set():
                raise Cancelled
        if self._failure:
            raise self._failure

    def answering(self, name: str | None, cancel: threading.Event) -> tuple[ZeroShotPipeline, str]:
        """The pipeline that answers for the chosen model now, and a sentence where it is another one.

        Blocks while a model that is on this machine is loaded.

        Raises:
            ZeroShotError: the name is unknown, or no model can be loaded.
        """
        self.wait(cancel)
        name = name or self.default
        entry = find_entry(name)
        if not is_cached(name):
            under_way = download.current(name)
            why = "is not on this machine yet."
            if under_way and under_way.state == "running":
                why = f"is being downloaded ({under_way.fraction:.0%})."
            elif under_way and under_way.error:
                why = f"is not here: {under_way.error}"
            return self._standing_in(entry, why)
        try:
            return self._pipeline(name), self.trouble or ""
        except ZeroShotError as error:
            if isinstance(error, ModelFormatError) and entry.is_remote:
                self._damaged.add(name)
            if name == self.default:
                raise
            return self._standing_in(entry, f"cannot be used: {error}")

    def _standing_in(self, asked: Entry, why: str) -> tuple[ZeroShotPipeline, str]:
        return self._pipeline(self.default), wording.answered_by(asked.title, self.title(self.default), why)

    def exactly(self, name: str | None, cancel: threading.Event) -> ZeroShotPipeline:
        """The pipeline of that very model, for programs: no other one stands in.

        Raises:
            ZeroShotError: unknown, not downloaded yet, or it cannot be loaded.
        """
        self.wait(cancel)
        return self._pipeline(name or self.default)

    def status(self, name: str) -> tuple[str, bool]:
        """A sentence on the chosen model, and whether it still changes by itself."""
        entry = find_entry(name)
        under_way = download.current(name)
        if is_cached(name) and not (under_way and under_way.state == "running"):
            return f"{entry.when} Licence: {entry.licence}.", False
        if under_way is None:
            return f"{entry.when} {wording.size(entry.size_bytes)} to download.", False
        if under_way.state == "running":
            share, done, total = under_way.fraction, under_way.done_bytes, under_way.total_bytes
            parts = f"{wording.size(done)} of {wording.size(total)}"
            return f"Downloading: {share:.0%} ({parts}). {self.title(self.default)} answers meanwhile.", True
        return (
            under_way.error or f"The download of {entry.title} was stopped: choose it again to go on.",
            False,
        )

    def fetch(self, name: str) -> None:
        """Begins to download a model that is not here, or to mend a damaged one; returns at once."""
        damaged = name in self._damaged
        if damaged or not is_cached(name):
            self._damaged.discard(name)
            download.start(name, again=damaged)


def _described(entry: Entry) -> str:
    if is_cached(entry.name):
        return entry.title
    return f"{entry.title}, {wording.size(entry.size_bytes)} to download"

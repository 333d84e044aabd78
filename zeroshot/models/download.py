"""Fetching a model from the hub in the background, with progress, while the demo goes on answering."""

from __future__ import annotations

import errno
import shutil
import threading
from typing import Literal

from zeroshot.errors import ModelUnavailableError, ZeroShotError
from zeroshot.models.cache import WEIGHT_FILES, is_cached, snapshot
from zeroshot.models.catalogue import Entry, find_entry
from zeroshot.models.transfer import CONNECT_SECONDS, HubCache, RemoteFile, Seen, fetch, look_up

State = Literal["running", "done", "failed", "cancelled"]

WANTED = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "sentencepiece.bpe.model",
    "vocab.json",
    "merges.txt",
)
SPARE_BYTES = 200 * 10**6
"""What must stay free on the disk after a download."""

_downloads: dict[str, Download] = {}
_lock = threading.Lock()


class _Stopped(Exception):  # noqa: N818 - it only unwinds the download's own thread
    pass


class Download:
    """One model on its way. A broken one keeps what it has; the next start goes on from there.

    `state` tells how it stands, `done_bytes` of `total_bytes` how far it is, `error` what went wrong, as a
    sentence for the visitor.
    """

    def __init__(self, entry: Entry, *, again: bool = False) -> None:
        self.entry = entry
        self.state: State = "running"
        self.done_bytes = 0
        self.total_bytes = entry.size_bytes
        self.error: str | None = None
        self._again = again
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"download {entry.name}", daemon=True)

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.done_bytes / self.total_bytes) if self.total_bytes else 0.0

    @property
    def is_stopping(self) -> bool:
        """Whether `cancel` was called; the state follows at the next piece of data."""
        return self._stop.is_set()

    def begin(self) -> None:
        """Starts the transfer, in a thread of its own."""
        self._thread.start()

    def cancel(self) -> None:
        """Stops it at the next piece of data; what was fetched is kept for the next time."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> State:
        """The state after it ended, or after `timeout` seconds."""
        if self._thread.ident is not None:  # one that was done from the start has no thread
            self._thread.join(timeout)
        return self.state

    def _run(self) -> None:
        try:
            self._fetch()
        except _Stopped:
            self.state = "cancelled"
        except Exception as error:  # noqa: BLE001 - whatever the network or the disk did is told as a sentence
            self.error = explain(error, self.entry)
            self.state = "failed"
        else:
            self.state = "done"

    def _fetch(self) -> None:
        from huggingface_hub import HfApi

        name = self.entry.name
        info = HfApi().model_info(name, timeout=CONNECT_SECONDS)
        offered = {file.rfilename for file in info.siblings or []}
        weights = next((file for file in WEIGHT_FILES if file in offered), None)
        if weights is None or info.sha is None:
            raise ModelUnavailableError(f"The model hub has no weights of {name}: choose another model.")
        cache = HubCache(name)
        files: list[RemoteFile] = []
        for wanted in (*(wanted for wanted in WANTED if wanted in offered), weights):
            self._go_on()
            files.append(look_up(name, wanted, info.sha))
        self.total_bytes = sum(file.size for file in files)
        self._check_disk(cache, files)
        finished = 0
        for file in files:
            fetch(file, cache, info.sha, self._meter(finished), again=self._again)
            finished += file.size
        cache.set_main(info.sha)
        if snapshot(name) is None:
            raise ModelUnavailableError(
                f"The model hub has no complete copy of {name} (its tokenizer is missing): "
                "choose another model."
            )

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise _Stopped

    def _meter(self, before: int) -> Seen:
        """Counts the bytes of one file on top of those of the files before it; stops it when asked to."""

        def seen(size: int) -> None:
            self.done_bytes = before + size
            self._go_on()

        return seen

    def _check_disk(self, cache: HubCache, files: list[RemoteFile]) -> None:
        folder = cache.home
        while not folder.exists():
            folder = folder.parent
        present = (path for file in files for path in (cache.blob(file), cache.part(file)) if path.is_file())
        needed = self.total_bytes - sum(path.stat().st_size for path in present) + SPARE_BYTES
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise ModelUnavailableError(
                f"The disk has {free / 10**9:.1f} GB free and {self.entry.name} needs "
                f"{needed / 10**9:.1f} GB: free some space, or choose a smaller model."
            )


def start(name: str, *, again: bool = False) -> Download:
    """Begins a download, or gives the one that runs already; one of a cached model is done at once.

    Args:
        again: check every file and fetch the damaged ones anew.

    Raises:
        UnknownModelError: not in the catalogue.
    """
    entry = find_entry(name)
    with _lock:
        running = _downloads.get(name)
        if running is not None and running.state == "running" and not running.is_stopping:
            return running
        download = Download(entry, again=again)
        _downloads[name] = download
        if not entry.is_remote or (is_cached(name) and not again):
            download.state = "done"
            download.done_bytes = download.total_bytes
        else:
            download.begin()
        return download


def current(name: str) -> Download | None:
    """The latest download of a model since the start of the program."""
    return _downloads.get(name)


def explain(error: Exception, entry: Entry) -> str:  # noqa: PLR0911 - one return a cause
    """One sentence on what went wrong and what to do."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    name = entry.name
    if isinstance(error, ZeroShotError):
        return str(error)
    if isinstance(error, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set, so {name} cannot be downloaded: unset it and choose the model again."
    if isinstance(error, RepositoryNotFoundError | GatedRepoError | RevisionNotFoundError):
        return f"The model hub does not give out {name}: choose another model."
    if isinstance(error, HfHubHTTPError):
        return f"The model hub answered {error.response.status_code} for {name}: try again in a minute."
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"The disk is full: free {entry.size_bytes / 10**9:.1f} GB for {name} and choose it again "
            "to go on where it stopped."
        )
    if isinstance(error, OSError) and error.filename:
        return (
            f"The model cache cannot be written ({error.strerror}: {error.filename}): "
            "set HF_HOME to a folder that can be."
        )
    return (
        f"The model hub cannot be reached for {name} ({type(error).__name__}): check the network and choose "
        "it again to go on where it stopped."
    )

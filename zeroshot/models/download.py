"""Fetching a model from the hub in the background, with progress, while the demo goes on answering."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any, Literal

from zeroshot.errors import ModelUnavailableError
from zeroshot.models.cache import WEIGHT_FILES, is_cached
from zeroshot.models.catalogue import Entry, find_entry

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

    def begin(self) -> None:
        """Starts the transfer, in a thread of its own."""
        self._thread.start()

    def cancel(self) -> None:
        """Stops it at the next piece of data; what was fetched is kept for the next time."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> State:
        """The state after it ended, or after `timeout` seconds."""
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
        from huggingface_hub import HfApi, hf_hub_download

        info = HfApi().model_info(self.entry.name, files_metadata=True, timeout=20)
        sizes = {file.rfilename: int(file.size or 0) for file in info.siblings or []}
        files = [name for name in WANTED if name in sizes]
        weights = next((name for name in WEIGHT_FILES if name in sizes), None)
        if weights is None:
            raise ModelUnavailableError(f"{self.entry.name} has no weights on the hub: choose another model.")
        # Small files first: the weights, last, are what makes the model count as cached.
        files = [*sorted(files, key=sizes.__getitem__), weights]
        self.total_bytes = sum(sizes[name] for name in files)
        self._check_disk()
        finished = 0
        for name in files:
            if self._stop.is_set():
                raise _Stopped
            hf_hub_download(
                self.entry.name,
                name,
                revision=info.sha,
                force_download=self._again,
                tqdm_class=self._meter(finished),
            )
            finished += sizes[name]
            self.done_bytes = finished

    def _check_disk(self) -> None:
        from huggingface_hub.constants import HF_HUB_CACHE

        folder = Path(HF_HUB_CACHE)
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        if free < self.total_bytes + SPARE_BYTES:
            raise ModelUnavailableError(
                f"The disk has {free / 10**9:.1f} GB free and {self.entry.name} needs "
                f"{(self.total_bytes + SPARE_BYTES) / 10**9:.1f} GB: free some space, "
                "or choose a smaller model."
            )

    def _meter(self, before: int) -> Any:
        """A progress bar that draws nothing, counts into this object, and can stop the transfer."""
        from tqdm import tqdm

        download = self

        class Meter(tqdm):  # type: ignore[type-arg]
            def __init__(self, *args: Any, **options: Any) -> None:
                options.pop("name", None)
                options["disable"] = True
                super().__init__(*args, **options)
                self._seen = int(options.get("initial") or 0)
                download.done_bytes = before + self._seen

            def update(self, n: float | None = 1) -> bool | None:
                if download._stop.is_set():
                    raise _Stopped
                self._seen += int(n or 0)
                download.done_bytes = before + self._seen
                return None

        return Meter


def start(name: str, *, again: bool = False) -> Download:
    """Begins a download, or gives the one that runs already.

    Args:
        again: fetch every file anew, where what is cached is damaged.

    Raises:
        UnknownModelError: not in the catalogue.
    """
    entry = find_entry(name)
    with _lock:
        running = _downloads.get(name)
        if running is not None and running.state == "running":
            return running
        download = Download(entry, again=again)
        _downloads[name] = download
        if is_cached(name) and not again:
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
    import errno

    if isinstance(error, ModelUnavailableError):
        return str(error)
    kind = type(error).__name__
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"The disk is full: free {entry.size_bytes / 10**9:.1f} GB for {entry.name} and choose it again."
        )
    if kind in {"RepositoryNotFoundError", "GatedRepoError", "RevisionNotFoundError"}:
        return f"The model hub does not give out {entry.name}: choose another model."
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"The model hub answered {status} for {entry.name}: try again in a minute."
    if "Consistency" in str(error) or "incomplete" in str(error).lower():
        return f"The download of {entry.name} broke off: choose it again to go on where it stopped."
    if isinstance(error, PermissionError):
        return f"The model cache cannot be written ({error.filename}): set HF_HOME to a folder that can be."
    return (
        f"The model hub cannot be reached for {entry.name} ({kind}): check the network and choose it again; "
        "what was fetched is kept."
    )

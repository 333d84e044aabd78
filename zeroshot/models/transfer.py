"""One file of the hub into the local cache; a transfer that stopped goes on where it was.

The hub's own library (2.4) drops what it has of a file when a transfer fails, and cannot be told to stop; a
model of 2 GB needs both. What is written here is that library's cache layout, as its documentation gives it,
so that every other program finds the model too:

    models--OWNER--NAME/blobs/ETAG               the content; a file under way is ETAG.part
    models--OWNER--NAME/snapshots/COMMIT/FILE    a link to it
    models--OWNER--NAME/refs/main                the commit; written last, it makes the model count as cached

The hub's ETag is the content's hash, so weights are checked before they get their place.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zeroshot.errors import ModelUnavailableError

Seen = Callable[[int], None]
"""Told how many bytes of the file are there; whatever it raises stops the transfer."""

CONNECT_SECONDS, SILENCE_SECONDS = 10.0, 15.0
PAUSES = (1.0, 2.0)
"""Seconds before each new attempt after one that brought nothing; then the transfer has failed."""
READ_BYTES = 1 << 20


@dataclass(frozen=True)
class RemoteFile:
    """A file on the hub at one commit; `etag` is its SHA-256, or its SHA-1 as git counts it."""

    name: str
    url: str
    size: int
    etag: str


class HubCache:
    """The part of the local cache that belongs to one model."""

    def __init__(self, model: str) -> None:
        from huggingface_hub import constants

        folder = "--".join(["models", *model.split("/")])
        self.home = Path(constants.HF_HUB_CACHE)
        self.root = self.home / folder
        self.blobs = self.root / "blobs"
        self._locks = self.home / ".locks" / folder

    def blob(self, file: RemoteFile) -> Path:
        """Where the content lies once it is complete."""
        return self.blobs / file.etag

    def part(self, file: RemoteFile) -> Path:
        """What there is of it before."""
        return self.blobs / f"{file.etag}.part"

    def pointer(self, file: RemoteFile, commit: str) -> Path:
        """The name that it is opened by."""
        return self.root / "snapshots" / commit / file.name

    def link(self, file: RemoteFile, commit: str) -> None:
        """Gives the content its name, in one step: others may be opening it."""
        pointer, blob = self.pointer(file, commit), self.blob(file)
        pointer.parent.mkdir(parents=True, exist_ok=True)
        new = pointer.with_name(f".{pointer.name}.{uuid.uuid4().hex}")
        try:
            new.symlink_to(os.path.relpath(blob, pointer.parent))
        except OSError:  # no links here (Windows without the right): the hub's library moves the file, too
            new = blob
        new.replace(pointer)

    def set_main(self, commit: str) -> None:
        """Makes `commit` the one that is loaded."""
        (self.root / "refs").mkdir(parents=True, exist_ok=True)
        (self.root / "refs" / "main").write_text(commit, "utf-8")

    @contextmanager
    def alone(self, file: RemoteFile, seen: Seen) -> Iterator[None]:
        """Waits while another process fetches the same file, and reports how far that one is."""
        from filelock import Timeout
        from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

        self._locks.mkdir(parents=True, exist_ok=True)
        self.blobs.mkdir(parents=True, exist_ok=True)
        while True:
            lock = WeakFileLock(self._locks / f"{file.etag}.lock", timeout=0.5)
            try:
                lock.__enter__()
            except Timeout:
                seen(_size(self.part(file)))
            else:
                break
        try:
            yield
        finally:
            lock.__exit__(None, None, None)


def look_up(model: str, name: str, commit: str) -> RemoteFile:
    """Asks the hub for a file's size and hash."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(model, name, revision=commit)
    found = get_hf_file_metadata(url, timeout=CONNECT_SECONDS)
    if found.size is None or found.etag is None or not re.fullmatch(r"[\w.-]+", found.etag):
        raise ModelUnavailableError(
            f"What answers in the hub's place does not describe {model}: check the network and HF_ENDPOINT."
        )
    return RemoteFile(name, url, found.size, found.etag)


def fetch(file: RemoteFile, cache: HubCache, commit: str, seen: Seen, *, again: bool = False) -> None:
    """Brings the whole file to `cache.pointer(file, commit)`.

    Args:
        again: keep what is there only if its hash is right.

    Raises:
        ModelUnavailableError: what arrived is not what the hub announced.
        Exception: whatever the network, the disk or `seen` raised.
    """
    blob, part, pointer = cache.blob(file), cache.part(file), cache.pointer(file, commit)
    with cache.alone(file, seen):
        present = next((path for path in (pointer, blob) if path.is_file()), None)
        if present is None or (again and is_damaged(present, file, seen)):
            _fill(file, part, seen)
            if is_damaged(part, file, seen, trusted=True):
                part.unlink()
                raise ModelUnavailableError(
                    f"{file.name} arrived damaged: choose the model again to fetch it anew."
                )
            part.replace(blob)
        if blob.is_file():
            cache.link(file, commit)
    seen(file.size)


def _fill(file: RemoteFile, part: Path, seen: Seen) -> None:
    """Adds to `part` until it is as long as the file, with new attempts where the connection breaks."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    idle = 0
    while True:
        have = _size(part)
        if have > file.size:
            part.unlink()
            have = 0
        seen(have)
        if have == file.size and part.is_file():
            return
        try:
            _receive(file, part, have, seen)
            failure: Exception = ConnectionError("the transfer ended early")
        except httpx2.TransportError as error:
            failure = error
        except HfHubHTTPError as error:
            if error.response.status_code not in {408, 429, 500, 502, 503, 504}:
                raise
            failure = error
        if _size(part) > have:
            idle = 0
        elif idle == len(PAUSES):
            raise failure
        else:
            _pause(PAUSES[idle], have, seen)
            idle += 1


def _pause(seconds: float, have: int, seen: Seen) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        seen(have)
        time.sleep(min(left, 0.1))


def _receive(file: RemoteFile, part: Path, have: int, seen: Seen) -> None:
    """One request for what is missing, written to `part` as it comes."""
    import httpx2
    from huggingface_hub import get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    headers = build_hf_headers()
    headers["Accept-Encoding"] = "identity"
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    with get_session().stream("GET", file.url, headers=headers, timeout=timeout) as response:
        hf_raise_for_status(response)
        goes_on = response.status_code == 206
        if not goes_on:  # the server knows no ranges: from the start
            have = 0
        with part.open("ab" if goes_on else "wb") as out:
            for piece in response.iter_raw():
                out.write(piece)
                have += len(piece)
                seen(have)


def is_damaged(path: Path, file: RemoteFile, seen: Seen, *, trusted: bool = False) -> bool:
    """Whether the content at `path` is not the file's.

    Args:
        trusted: small files are believed when their size is right, since a mirror may give them an ETag that
            is no hash, and would never be believed otherwise.
    """
    if _size(path) != file.size:
        return True
    if re.fullmatch(r"[0-9a-f]{64}", file.etag):
        digest = hashlib.sha256()
    elif trusted:
        return False
    else:
        digest = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    with path.open("rb") as content:
        while piece := content.read(READ_BYTES):
            digest.update(piece)
            seen(file.size)
    return digest.hexdigest() != file.etag


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

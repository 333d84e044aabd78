"""A stand-in for the model hub on this machine: what `huggingface_hub` asks of one, and ways to go wrong.

Programs reach it with the environment of `Hub.environment`; as a program of its own it serves a tiny
reference model and a tiny BART until it is stopped:

    python tests/models/hub.py
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing_extensions import Self

PIECE = 1 << 14
LARGE = (".safetensors", ".bin", ".model")
"""Files with these endings are kept apart on the real hub: clients are sent on to another host for them."""


class Hub:
    """The server, its repositories, and its faults.

    Attributes:
        repositories: folder of each model by its name; what lies in it is served.
        log: (method, path, Range header or "") of each request, in order.
        statuses: answer requests for paths with this ending with this status.
        cuts: after how many bytes the next transfers of large files break, one after the other.
        damage: large files are sent with a byte changed.
        ranges: whether parts of files are given out.
        pause: seconds between two pieces of a large file.
        stall: seconds before the first.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Path] = {}
        self.log: list[tuple[str, str, str]] = []
        self.statuses: dict[str, int] = {}
        self.cuts: list[int] = []
        self.damage = False
        self.ranges = True
        self.pause = self.stall = 0.0
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """From now on nobody answers at this address; may be called twice."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def sleep(self, seconds: float) -> None:
        """Waits, but not for a hub that closes."""
        self._closing.wait(seconds)

    def environment(self, home: Path) -> dict[str, str]:
        """Variables for a program that is to use this hub, with its cache in `home`."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_CACHE": str(home / "hub"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def commit(self, model: str) -> str:
        """The commit of a repository: another one whenever a file is."""
        folder = self.repositories[model]
        names = sorted(path.name for path in folder.iterdir())
        return hashlib.sha1("".join(n + etag(folder / n) for n in names).encode()).hexdigest()

    def fetched(self, ending: str) -> list[str]:
        """The Range headers of the requests for the content of a file with this ending."""
        return [range_ for method, path, range_ in self.log if method == "GET" and path.endswith(ending)]


def etag(path: Path) -> str:
    """As the hub has it: SHA-256 of large files, git's SHA-1 of the others."""
    content = path.read_bytes()
    if path.name.endswith(LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that goes away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.log.append((self.command, path, self.headers.get("Range", "")))
        status = next((s for ending, s in self.hub.statuses.items() if path.endswith(ending)), None)
        model = re.match(r"/api/models/([\w.-]+/[\w.-]+?)(/revision/[\w.-]+)?$", path)
        file = re.match(r"(/cdn)?/([\w.-]+/[\w.-]+)/resolve/([\w.-]+)/([\w.-]+)$", path)
        if status is not None:
            self._send(status, {}, b"something went wrong")
        elif model and model[1] in self.hub.repositories:
            self._model(model[1])
        elif file and (self.hub.repositories.get(file[2], Path("nowhere")) / file[4]).is_file():
            self._file(file[2], self.hub.repositories[file[2]] / file[4], sent_on=bool(file[1]))
        elif file and file[2] in self.hub.repositories:
            self._send(404, {"X-Error-Code": "EntryNotFound"}, b"no such file")
        else:
            self._send(401, {"X-Error-Code": "RepoNotFound"}, b"no such repository")

    def _model(self, name: str) -> None:
        files = sorted(path.name for path in self.hub.repositories[name].iterdir())
        about = {
            "id": name,
            "sha": self.hub.commit(name),
            "siblings": [{"rfilename": file} for file in files],
        }
        self._send(200, {"Content-Type": "application/json"}, json.dumps(about).encode())

    def _file(self, model: str, path: Path, *, sent_on: bool) -> None:
        content, headers = path.read_bytes(), {"X-Repo-Commit": self.hub.commit(model)}
        if not path.name.endswith(LARGE):
            self._send(200, {**headers, "ETag": f'"{etag(path)}"'}, content)
        elif not sent_on:
            headers |= {"X-Linked-ETag": f'"{etag(path)}"', "X-Linked-Size": str(len(content))}
            # Another name is another host to a client.
            headers["Location"] = f"http://localhost:{self.hub.port}/cdn{self.path}"
            self._send(302, headers, b"")
        else:
            self._large(content)

    def _large(self, content: bytes) -> None:
        """The content or the part of it that was asked for, as fast and as whole as the faults allow."""
        if self.hub.damage:
            content = content[:-1] + bytes([content[-1] ^ 1])
        total = len(content)
        part = re.match(r"bytes=(\d+)-$", self.headers.get("Range", "")) if self.hub.ranges else None
        begin = int(part[1]) if part else 0
        self.send_response(206 if part else 200)
        if part:
            self.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
        self.send_header("Content-Length", str(total - begin))
        self.end_headers()
        end = total
        if self.hub.cuts:
            end = min(total, begin + self.hub.cuts.pop(0))
            self.close_connection = True
        self.hub.sleep(self.hub.stall)
        for at in range(begin, end, PIECE):
            self.wfile.write(content[at : min(at + PIECE, end)])
            self.hub.sleep(self.hub.pause)

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


def main() -> None:
    """Serves two tiny models until the program is stopped."""
    from tests.models import repositories

    with tempfile.TemporaryDirectory() as folder, Hub() as hub:
        hub.repositories = {
            "joeddav/xlm-roberta-large-xnli": repositories.xlm_roberta(Path(folder) / "reference"),
            "facebook/bart-large-mnli": repositories.bart(Path(folder) / "bart"),
        }
        print(hub.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()

"""Downloads from a stand-in for the hub: progress, cache, what breaks and how it goes on."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest

from tests.models import repositories
from tests.models.hub import Hub, etag
from zeroshot.errors import ModelFormatError, ModelUnavailableError, UnknownModelError
from zeroshot.models import download, transfer
from zeroshot.models.cache import is_cached, snapshot
from zeroshot.models.catalogue import CATALOGUE, EMBEDDED, REFERENCE
from zeroshot.models.loading import choose_default, load

BART = "facebook/bart-large-mnli"
WEIGHTS = ".safetensors"


def finished(name: str = REFERENCE, **options: bool) -> download.Download:
    under_way = download.start(name, **options)
    assert under_way.wait(60) != "running"
    return under_way


def failure(name: str = REFERENCE) -> str:
    """The sentence of a download that fails."""
    broken = finished(name)
    assert broken.state == "failed"
    assert broken.error is not None
    assert any(what in broken.error for what in (name, "model.safetensors", "HF_HOME"))
    assert ":" in broken.error  # what happened: what to do
    assert "\n" not in broken.error
    return broken.error


def size(folder: Path, *names: str) -> int:
    return sum((folder / name).stat().st_size for name in names)


def parts(cache: Path) -> list[Path]:
    return list(cache.rglob("*.part"))


def wait_for(under_way: download.Download, bytes_: int) -> None:
    """Until so much has come: beyond 50,000 it is of the weights."""
    while under_way.done_bytes < bytes_:
        assert under_way.state == "running", under_way.error
        time.sleep(0.002)


def test_a_model_comes_with_progress_and_loads_without_the_hub(hub: Hub) -> None:
    hub.pause = 0.002
    assert not is_cached(REFERENCE)
    with pytest.raises(ModelUnavailableError, match="python -m zeroshot download"):
        load(REFERENCE)
    under_way = download.start(REFERENCE)
    seen = []
    while under_way.state == "running":
        seen.append((under_way.done_bytes, under_way.fraction, is_cached(REFERENCE)))
        time.sleep(0.002)
    assert under_way.state == "done", under_way.error
    done = [bytes_ for bytes_, _, _ in seen]
    assert done == sorted(done)
    assert len(set(done)) > 5
    assert all(0 <= fraction <= 1 for _, fraction, _ in seen)
    wanted = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")
    assert under_way.done_bytes == under_way.total_bytes == size(hub.repositories[REFERENCE], *wanted)
    assert under_way.fraction == 1
    assert download.current(REFERENCE) is under_way

    hub.close()
    assert is_cached(REFERENCE)
    loaded = load(REFERENCE)
    assert loaded.name == REFERENCE
    assert loaded.id2label == {0: "contradiction", 1: "neutral", 2: "entailment"}


def test_what_other_programs_find_in_the_cache(hub: Hub, cache: Path) -> None:
    """The layout is the hub library's: its own functions find every file, and fetch nothing again."""
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    assert finished().state == "done"
    found = try_to_load_from_cache(REFERENCE, "model.safetensors")
    assert isinstance(found, str)
    assert Path(found).read_bytes() == (hub.repositories[REFERENCE] / "model.safetensors").read_bytes()
    report = scan_cache_dir(cache)
    assert not report.warnings
    assert [(repo.repo_id, repo.nb_files) for repo in report.repos] == [(REFERENCE, 4)]
    assert not parts(cache)


def test_a_second_start_is_done_at_once(hub: Hub) -> None:
    finished()
    hub.log.clear()
    second = download.start(REFERENCE)
    assert second.state == "done"
    assert second.fraction == 1
    assert second.wait() == "done"
    assert not hub.log


def test_two_starts_are_one_download(hub: Hub) -> None:
    hub.pause = 0.002
    found: list[download.Download] = []
    threads = [threading.Thread(target=lambda: found.append(download.start(REFERENCE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert found[0].wait(60) == "done"
    assert len([path for method, path, _ in hub.log if method == "GET" and "/cdn/" in path]) == 1


def test_two_programs_fetch_a_file_once(hub: Hub) -> None:
    """Downloads that know nothing of each other, as in two processes, share the work."""
    hub.pause = 0.003
    both = [download.Download(CATALOGUE[REFERENCE]) for _ in range(2)]
    for one in both:
        one.begin()
    assert [one.wait(60) for one in both] == ["done", "done"]
    assert len([path for method, path, _ in hub.log if method == "GET" and "/cdn/" in path]) == 1


def test_a_short_break_goes_unnoticed(hub: Hub) -> None:
    hub.cuts = [300_000] * 3
    assert finished().state == "done"
    ranges = [r for method, path, r in hub.log if method == "GET" and "/cdn/" in path]
    assert ranges == ["", *(f"bytes={300_000 * i}-" for i in (1, 2, 3))]
    load(REFERENCE)


def test_a_broken_transfer_fails_with_a_sentence_and_goes_on_later(hub: Hub, cache: Path) -> None:
    hub.cuts = [600_000, 0, 0, 0]
    assert "choose it again to go on where it stopped" in failure()
    assert not is_cached(REFERENCE)
    assert [path.stat().st_size for path in parts(cache)] == [600_000]

    hub.log.clear()
    assert finished().state == "done"
    assert hub.fetched(WEIGHTS) == ["bytes=600000-"] * 2  # the hub, and where it sends clients on to
    assert not hub.fetched("config.json")
    load(REFERENCE)


def test_a_hub_that_knows_no_ranges(hub: Hub) -> None:
    hub.cuts, hub.ranges = [600_000], False
    done = finished()
    assert done.state == "done"
    assert done.done_bytes == done.total_bytes
    load(REFERENCE)


def test_half_a_download_is_not_cached(hub: Hub) -> None:
    hub.pause = 0.02
    under_way = download.start(REFERENCE)
    wait_for(under_way, 100_000)
    assert not is_cached(REFERENCE)
    assert choose_default() == EMBEDDED
    with pytest.raises(ModelUnavailableError):
        load(REFERENCE)
    hub.pause = 0
    under_way.wait(60)
    assert choose_default() == REFERENCE


def test_cancel_and_choose_again(hub: Hub) -> None:
    hub.pause = 0.01
    under_way = download.start(REFERENCE)
    wait_for(under_way, 100_000)
    under_way.cancel()
    second = download.start(REFERENCE)  # at once, while the first one still ends
    assert second is not under_way
    assert under_way.wait(10) == "cancelled"
    assert under_way.error is None
    hub.pause = 0
    assert second.wait(60) == "done"
    assert hub.fetched(WEIGHTS)[-1].startswith("bytes=")


def test_an_unreachable_hub_is_told_quickly(hub: Hub) -> None:
    hub.close()
    begun = time.monotonic()
    assert "check the network" in failure()
    assert time.monotonic() - begun < 5


def test_a_silent_hub_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SILENCE_SECONDS", 0.2)
    hub.stall = 60
    begun = time.monotonic()
    assert "check the network" in failure()
    assert time.monotonic() - begun < 5


def test_offline_mode(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in failure()
    assert not hub.log


@pytest.mark.usefixtures("hub")
def test_a_model_that_the_hub_does_not_have() -> None:
    assert "does not give out" in failure(BART)


@pytest.mark.parametrize("where", ["/api/models/" + REFERENCE, "config.json", WEIGHTS])
@pytest.mark.parametrize("status", [404, 500])
def test_a_hub_in_trouble(hub: Hub, where: str, status: int) -> None:
    hub.statuses[where] = status
    assert str(status) in failure()
    hub.statuses.clear()
    assert finished().state == "done"


def test_something_else_in_the_hubs_place(hub: Hub) -> None:
    """A login page of a hotel's network, say."""
    hub.statuses["/api/models/" + REFERENCE] = 200
    assert "check the network" in failure()


def test_weights_or_tokenizer_are_missing_there(hub: Hub) -> None:
    folder = hub.repositories[REFERENCE]
    (folder / "tokenizer.json").unlink()
    assert "tokenizer" in failure()
    assert not is_cached(REFERENCE)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").unlink()
    assert "no weights" in failure()


@pytest.mark.usefixtures("hub")
def test_a_full_disk_is_told_before(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    assert "free some space" in failure()
    assert not cache.exists()


@pytest.mark.usefixtures("hub")
def test_a_disk_that_fills_up(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = transfer._receive

    def full(file: transfer.RemoteFile, part: Path, have: int, seen: transfer.Seen) -> None:
        def seen_until(size: int) -> None:
            if size > 200_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            seen(size)

        real(file, part, have, seen_until)

    monkeypatch.setattr(transfer, "_receive", full)
    assert failure().startswith("The disk is full")
    assert len(parts(cache)) == 1
    monkeypatch.setattr(transfer, "_receive", real)
    assert finished().state == "done"


@pytest.mark.usefixtures("hub")
def test_a_cache_that_cannot_be_written(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert "HF_HOME" in failure()


def test_weights_that_arrive_damaged_are_not_kept(hub: Hub, cache: Path) -> None:
    hub.damage = True
    assert "arrived damaged" in failure()
    assert not is_cached(REFERENCE)
    assert not parts(cache)
    hub.damage = False
    assert finished().state == "done"


def test_damaged_weights_are_repaired(hub: Hub) -> None:
    finished()
    folder = snapshot(REFERENCE)
    assert folder is not None
    with (folder / "model.safetensors").open("r+b") as weights:
        weights.write(b"\xff" * 64)
    with pytest.raises(ModelFormatError, match=f"python -m zeroshot download {REFERENCE} --again"):
        load(REFERENCE)
    hub.log.clear()
    assert finished().state == "done"  # without `again`: nothing happens
    assert not hub.log
    assert finished(again=True).state == "done"
    assert len(hub.fetched(WEIGHTS)) == 2
    assert not hub.fetched("tokenizer.json")  # what is whole is not fetched again
    load(REFERENCE)


@pytest.mark.usefixtures("hub")
def test_a_damaged_tokenizer_is_repaired() -> None:
    finished()
    folder = snapshot(REFERENCE)
    assert folder is not None
    whole = (folder / "tokenizer.json").read_bytes()
    (folder / "tokenizer.json").write_bytes(whole[:-100] + b" " * 100)
    with pytest.raises(ModelFormatError):
        load(REFERENCE)
    assert finished(again=True).state == "done"
    assert (folder / "tokenizer.json").read_bytes() == whole


def test_a_new_version_on_the_hub(hub: Hub) -> None:
    finished()
    repositories.xlm_roberta(hub.repositories[REFERENCE], classes=("entailment", "neutral", "contradiction"))
    assert load(REFERENCE).id2label[0] == "contradiction"  # what is here is used as it is
    assert finished(again=True).state == "done"
    assert load(REFERENCE).id2label[0] == "entailment"


def test_safetensors_are_preferred_and_nothing_is_fetched_that_is_not_needed(hub: Hub) -> None:
    (hub.repositories[REFERENCE] / "modeling.py").write_text("raise SystemExit('run!')")
    (hub.repositories[REFERENCE] / "README.md").write_text("a card")
    assert finished().state == "done"
    names = {path.rsplit("/", 1)[1] for _, path, _ in hub.log if "/resolve/" in path}
    assert names == {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}


def test_a_repository_without_safetensors(empty_hub: Hub, tmp_path: Path) -> None:
    folder = repositories.bart(tmp_path / "bart", weights=["bin"], tokenizer="bpe")
    empty_hub.repositories[BART] = folder
    assert finished(BART).state == "done"
    loaded = load(BART)
    assert loaded.model.config.model_type == "bart"
    assert loaded.tokenizer.encode("this text", "that").ids[0] == 0


@pytest.mark.parametrize(
    "name", ["../x", "/etc", "https://example.org/model", "gpt2", "joeddav", "", "x" * 9999]
)
def test_nothing_but_the_catalogue_is_downloaded(hub: Hub, name: str) -> None:
    for call in (download.start, is_cached, load):
        with pytest.raises(UnknownModelError) as caught:
            call(name)
        assert len(str(caught.value)) < 500
    assert not hub.log


def test_models_that_need_no_download(cache: Path) -> None:
    done = download.start(EMBEDDED)
    assert done.state == "done"
    assert is_cached(EMBEDDED)
    assert not cache.exists()


def test_hashes_are_the_hubs(tmp_path: Path) -> None:
    """`printf hello | git hash-object --stdin`, and `sha256sum` of the same."""
    for name in ("small.json", "large.bin"):
        (tmp_path / name).write_bytes(b"hello")
    assert etag(tmp_path / "small.json") == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
    assert etag(tmp_path / "large.bin").startswith("2cf24dba5fb0a30e26e83b2ac5b9e29e")
    for name in ("small.json", "large.bin"):
        file = transfer.RemoteFile(name, "", 5, etag(tmp_path / name))
        assert not transfer.is_damaged(tmp_path / name, file, lambda _: None)
        (tmp_path / name).write_bytes(b"hallo")
        assert transfer.is_damaged(tmp_path / name, file, lambda _: None)

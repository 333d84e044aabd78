from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models import repositories
from tests.models.hub import Hub
from zeroshot.models import download, transfer
from zeroshot.models.catalogue import REFERENCE


@pytest.fixture(scope="session")
def tiny_reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repositories.xlm_roberta(tmp_path_factory.mktemp("repositories") / "reference")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty model cache in place of this machine's, and nothing remembered of earlier downloads."""
    from huggingface_hub import constants

    home = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(download, "_downloads", {})
    monkeypatch.setattr(transfer, "PAUSES", (0.05, 0.05))
    monkeypatch.delenv("ZEROSHOT_MODEL", raising=False)
    return home


@pytest.fixture
def empty_hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub without models, in place of the real one for this process."""
    from huggingface_hub import close_session, constants

    assert str(cache) == constants.HF_HUB_CACHE
    with Hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        form = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", form)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        close_session()
        yield hub
        close_session()


@pytest.fixture
def hub(empty_hub: Hub, tiny_reference: Path, tmp_path: Path) -> Hub:
    """A hub with a tiny reference model, which a test may change."""
    empty_hub.repositories[REFERENCE] = shutil.copytree(tiny_reference, tmp_path / "reference")
    return empty_hub

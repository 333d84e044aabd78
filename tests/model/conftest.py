from __future__ import annotations

import pytest

from zeroshot.models.embedded_format import EMBEDDED_FOLDER


@pytest.fixture(scope="session", autouse=True)
def _embedded_model_is_there() -> None:
    assert (EMBEDDED_FOLDER / "config.json").is_file(), "the embedded model is part of the repository"

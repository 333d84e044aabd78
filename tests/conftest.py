from __future__ import annotations

from collections.abc import Iterator

import pytest

from zeroshot.models import loading
from zeroshot.models.catalogue import CATALOGUE


@pytest.fixture(autouse=True)
def _forget_local() -> Iterator[None]:
    """Folders that a test registered are no models for the next one."""
    before = dict(CATALOGUE)
    yield
    CATALOGUE.clear()
    CATALOGUE.update(before)
    loading._local.clear()

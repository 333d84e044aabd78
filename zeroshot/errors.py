"""The errors that a caller is meant to read.

Every message is one sentence that says what to change. The page, the HTTP API and the command line show that
sentence as it is, so nothing here needs a traceback to be understood.
"""

from __future__ import annotations


class ZeroShotError(Exception):
    """Base of everything that this package raises on purpose."""


class InputError(ZeroShotError, ValueError):
    """What was given cannot be used; nothing is wrong with the program or the model."""


class TemplateError(InputError):
    """The hypothesis template does not have exactly one ``{}``, or is too long."""


class LabelError(InputError):
    """No labels, too many of them, or one that is too long."""


class TextError(InputError):
    """The text is empty or is not text."""


class UnknownModelError(ZeroShotError):
    """The name is neither in the catalogue nor a folder that was given at start."""


class ModelUnavailableError(ZeroShotError):
    """The model is known, but its files cannot be had now (no network, disk full, broken download...)."""


class ModelFormatError(ZeroShotError):
    """The files are there but are not a usable NLI model (corrupt, or no entailment class)."""


class Cancelled(ZeroShotError):  # noqa: N818 - not a mistake of anyone's
    """The caller asked to stop."""

    def __init__(self, message: str = "The work was cancelled.") -> None:
        super().__init__(message)


class BusyError(ZeroShotError):
    """Too many requests wait already; ``retry_after`` (seconds) says when to come back."""

    def __init__(self, retry_after: float, message: str | None = None) -> None:
        super().__init__(
            message or f"Too many requests are waiting: try again in {max(1, round(retry_after))} s."
        )
        self.retry_after = retry_after

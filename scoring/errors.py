"""The errors a person may read. Each sentence says what happened, whether anything was sent, and what to do."""

from __future__ import annotations


class LookoutError(Exception):
    """Base of all errors whose text may be shown to a user as it stands."""


class InvalidInput(LookoutError):
    """Something given to us (a file, a setting, an argument) cannot be used; the text names the place and the mend."""


class NotFound(LookoutError):
    """Nothing by that name or id."""


class Refused(LookoutError):
    """A rule or a right forbids it; nothing was sent."""


class NotAllowed(Refused):
    """Whoever asks may not do it, by their role or because two people are needed; the try stands in the audit."""


class TooLate(LookoutError):
    """Someone or something was faster; the text says who and when."""


class Unavailable(LookoutError):
    """A part of the outside world did not answer; `permanent` tells whether trying again can help."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent


class SlackRefused(LookoutError):
    """Slack said no or did not answer. `code` is Slack's own; `permanent`: the same call cannot succeed.

    `ambiguous` means that it may have happened all the same (a dropped connection, `internal_error`);
    `retry_after` is in seconds, where Slack gave one; `revoked`: our token or its rights are gone, whatever we ask.
    """

    def __init__(
        self,
        code: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        revoked: bool = False,
    ) -> None:
        super().__init__(f"Slack answered {code!r}.")
        self.code = code
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.revoked = revoked


class CrmRefused(LookoutError):
    """A CRM said no or did not answer; the text is a whole sentence.

    `permanent`: the same request cannot succeed. `ambiguous`: it may have been acted on all the same. `setup`: an
    operator must act, whatever is asked. `gone`: what was named is not there. `retry_after` is in seconds.
    """

    def __init__(
        self,
        code: str,
        text: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        setup: bool = False,
        gone: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.setup = setup
        self.gone = gone
        self.retry_after = retry_after

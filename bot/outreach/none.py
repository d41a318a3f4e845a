"""Stands in while no mail server is set up: nothing is ever sent, and everybody is told what to do."""

from __future__ import annotations

from scoring.messages import Mail, Receipt

MAIL_IS_OFF = (
    "Mail is not set up, so nothing was sent. An operator sets LOOKOUT_MAIL_DOMAINS, and LOOKOUT_SMTP_HOST or "
    "mailboxes; `lookout doctor` says what is missing. The draft stays here."
)


class NoMailer:
    """Implements the loop's `Mailer` by refusing for now; approving is refused before it comes to that."""

    async def send(self, mail: Mail) -> Receipt:  # noqa: ARG002 - the port's signature
        """Nothing leaves."""
        return Receipt("deferred", MAIL_IS_OFF, cause="setup")

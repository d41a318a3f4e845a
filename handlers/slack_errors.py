"""What Slack's refusals mean: never again, perhaps it happened, or later. One table for all calls.

Codes after docs.slack.dev: reference/methods/chat.postMessage, chat.update, and apis/web-api/rate-limits.
"""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from scoring.errors import SlackRefused

# slack_sdk reads a plain-text answer as if it were a dict: that is the AttributeError.
FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError)
SERVER_ERROR = 500
LONGEST_WAIT = 600.0
NO_ANSWER = "no_answer"
SHARED = "externally_shared"

PAYLOAD = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text", "metadata_too_large"}
)
CLOSED = frozenset(
    {
        "not_in_channel", "channel_not_found", "is_archived", "is_inactive", "user_not_found", "messages_tab_disabled",
        "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel", "restricted_action_thread_locked", "cannot_dm_bot", "user_disabled",
    }
)  # fmt: skip
REVOKED = frozenset(
    {
        "missing_scope", "account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed",
        "team_access_not_granted", "no_permission", "ekm_access_denied", "org_login_required", "not_allowed_token_type",
    }
)  # fmt: skip
GONE = frozenset({"message_not_found", "edit_window_closed", "cant_update_message", "thread_not_found"})
AMBIGUOUS = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
PERMANENT = PAYLOAD | CLOSED | REVOKED | GONE | {SHARED, "unknown_method", "invalid_arguments", "method_deprecated"}


def refusal(failure: Exception) -> SlackRefused:
    """A failed call as the one error the loop knows."""
    if isinstance(failure, SlackApiError):
        return _answered(failure)
    never_left = isinstance(failure, aiohttp.ClientConnectorError)
    return SlackRefused(NO_ANSWER, ambiguous=not never_left)


def code_of(failure: SlackApiError) -> str:
    """Slack's code; empty where the answer was not Slack's."""
    data = getattr(failure.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def of_code(code: str, *, retry_after: float | None = None) -> SlackRefused:
    """The error of one code."""
    return SlackRefused(
        code,
        permanent=code in PERMANENT,
        ambiguous=code in AMBIGUOUS or code == NO_ANSWER,
        retry_after=retry_after,
        revoked=code in REVOKED,
    )


def wait_of(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, at most ten minutes; None where it is missing or no number (B2)."""
    found = next((value for key, value in headers.items() if key.lower() == "retry-after"), "")
    return min(float(found), LONGEST_WAIT) if found.isascii() and found.isdecimal() else None


def _answered(failure: SlackApiError) -> SlackRefused:
    response, code = failure.response, code_of(failure)
    status = getattr(response, "status_code", getattr(response, "status", 0))
    if code:
        return of_code(code, retry_after=wait_of(getattr(response, "headers", {})))
    return SlackRefused(f"http_{status}" if status >= SERVER_ERROR else NO_ANSWER, ambiguous=True)

"""Talks to a language model over any OpenAI-compatible service: one question, one answer, within a deadline.

Services differ: many know no JSON schema, some answer 500 to it, some want the token limit under another name. What a
service refused is not asked of it again. The answer is read as bytes up to a limit, so that neither ten megabytes nor
HTML with status 200 can do harm. Nothing is logged here: prompts, keys and answers are nobody's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import httpx2
import openai
from openai.types.chat import ChatCompletionMessageParam

from prompts import answers
from prompts.answers import Answer, Unusable
from scoring.errors import InvalidInput

OPENAI_URL = "https://api.openai.com/v1"
MAX_BYTES = 256 * 1024
MAX_TOKENS = 4_000
MAX_TURNS = 5
PAUSE, LONGEST_PAUSE = 0.5, 8.0
BUSY = 429
SCHEMA = {
    "type": "object",
    "properties": {
        "subject": {"type": "string"},
        "body": {"type": "string"},
        "facts_used": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["subject", "body", "facts_used"],
    "additionalProperties": False,
}
REFUSED = "the model's service refused the request"
REASONS = {
    401: "the model's service refused our key",
    403: "the model's service refused our key",
    404: "the model's service does not know this model or address",
    429: "the model's service is busy",
}
UNREACHABLE = "the model's service could not be reached"
TOO_LONG = "the model's answer was far too long"


class Format(StrEnum):
    """How strictly the answer's form is asked for; each falls back to the next."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What this service understands; learned from its refusals."""

    format: Format = Format.SCHEMA
    limit: str = "max_completion_tokens"

    def arguments(self) -> dict[str, object]:
        """The parts of a request that differ between services."""
        limited: dict[str, object] = {self.limit: MAX_TOKENS} if self.limit else {}
        if self.format is Format.SCHEMA:
            schema = {"name": "draft", "strict": True, "schema": SCHEMA}
            return {**limited, "response_format": {"type": "json_schema", "json_schema": schema}}
        if self.format is Format.OBJECT:
            return {**limited, "response_format": {"type": "json_object"}}
        return limited

    def simpler(self, complaint: str) -> Dialect | None:
        """What to try after a refusal; None where the refusal was about something else."""
        said = complaint.casefold()
        if "max_completion_tokens" in said or "max_tokens" in said:
            names = {"max_completion_tokens": "max_tokens", "max_tokens": ""}
            return replace(self, limit=names[self.limit]) if self.limit else None
        formats = {Format.SCHEMA: Format.OBJECT, Format.OBJECT: Format.PLAIN}
        about = ("response_format", "response format", "json_schema", "json_object", "schema", "grammar", "structured")
        if self.format in formats and any(word in said for word in about):
            return replace(self, format=formats[self.format])
        return None


class Model:
    """One language model at one address. Raises `Unusable` with a sentence for people, and nothing else."""

    def __init__(self, *, api_key: str, base_url: str, name: str) -> None:
        self.name = name
        self._dialect = Dialect()
        try:
            self._client = openai.AsyncOpenAI(
                api_key=api_key,
                base_url=base_url or OPENAI_URL,
                max_retries=0,
                timeout=httpx2.Timeout(20.0, connect=5.0),
            )
        except (openai.OpenAIError, httpx2.InvalidURL, ValueError):
            raise InvalidInput("OPENAI_BASE_URL is no address. Write one like https://api.openai.com/v1.") from None

    async def ask(self, messages: Sequence[ChatCompletionMessageParam]) -> Answer:
        """One answer. A service that is busy or failed is asked a second time after a short pause."""
        return answers.answer(answers.content(await self._raw(messages)))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _raw(self, messages: Sequence[ChatCompletionMessageParam]) -> bytes:
        failed = False
        for _ in range(MAX_TURNS):
            try:
                return await self._send(messages)
            except openai.APIStatusError as error:
                simpler = self._dialect.simpler(_complaint(error)) if error.status_code in {400, 422, 500} else None
                if simpler is not None:
                    self._dialect = simpler
                    continue
                pause = _pause(error)
                if failed or pause is None:
                    raise Unusable(_reason(error), again=False) from None
            except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, ValueError):
                if failed:
                    raise Unusable(UNREACHABLE, again=False) from None
                pause = PAUSE
            failed = True
            await asyncio.sleep(pause)
        raise Unusable(UNREACHABLE, again=False)

    async def _send(self, messages: Sequence[ChatCompletionMessageParam]) -> bytes:
        create = self._client.chat.completions.with_streaming_response.create
        asked = create(model=self.name, messages=list(messages), extra_body=self._dialect.arguments())
        async with asked as response:
            parts = bytearray()
            async for chunk in response.iter_bytes():
                parts += chunk
                if len(parts) > MAX_BYTES:
                    raise Unusable(TOO_LONG, again=False)
            return bytes(parts)


def _complaint(error: openai.APIStatusError) -> str:
    return f"{error.message} {error.body}"


def _reason(error: openai.APIStatusError) -> str:
    if error.status_code >= 500:  # noqa: PLR2004 - the server's own failures
        return f"the model's service failed ({error.status_code})"
    return f"{REASONS.get(error.status_code, REFUSED)} ({error.status_code})"


def _pause(error: openai.APIStatusError) -> float | None:
    """How long to wait before the one repeat; None where a repeat cannot help in time."""
    if error.status_code < 500 and error.status_code not in {408, 409, BUSY}:  # noqa: PLR2004
        return None
    try:
        asked = float(error.response.headers.get("retry-after", PAUSE))
    except ValueError:
        return None
    return max(asked, PAUSE) if asked <= LONGEST_PAUSE else None

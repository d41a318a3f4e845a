"""The web server answers plainly, refuses what it must, and keeps its inside to itself."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import ClientSession, encode_basic_auth, web

from bot.web import LARGEST_BODY, application
from scoring.arrivals import Arrival
from scoring.errors import Unavailable
from tests.bot.ingestion import KEY, ZONE, Venue, wall_clock

EVENT = {"type": "track", "event": "x", "userId": "u", "messageId": "m1", "context": {"groupId": "acme"}}
AUTH = {"Authorization": encode_basic_auth(KEY, "")}


@pytest.fixture
async def client(venue: Venue) -> AsyncIterator[ClientSession]:
    async with ClientSession(venue.url) as session:
        yield session


def body(*events: object, **more: object) -> bytes:
    return json.dumps({"batch": events or [EVENT], **more}).encode()


async def test_a_batch_is_taken_with_the_key_in_the_header_or_in_the_body(client: ClientSession) -> None:
    async with client.post("/v1/batch", data=body(), headers=AUTH) as by_header:
        assert (by_header.status, await by_header.json()) == (200, {"success": True})
    async with client.post("/v1/batch", data=body(writeKey=KEY)) as by_body:
        assert by_body.status == 200


async def test_an_old_and_a_new_key_are_taken_while_they_are_exchanged(venue: Venue) -> None:
    async def statuses(*keys: str) -> list[int]:
        found = []
        async with serving(application(venue.door, keys=keys, clock=wall_clock, zone=ZONE)) as session:
            for key in ("wk-old", "wk-new"):
                header = {"Authorization": encode_basic_auth(key, "")}
                async with session.post("/v1/batch", data=body(), headers=header) as answer:
                    found.append(answer.status)
        return found

    assert await statuses("wk-old", "wk-new") == [200, 200]
    assert await statuses("wk-new") == [401, 200]


@pytest.mark.parametrize("call", ["track", "identify", "group", "page", "screen", "alias"])
async def test_each_single_call_has_its_path(client: ClientSession, call: str) -> None:
    event = {"userId": "u", "groupId": "acme", "event": "x", "messageId": call}
    async with client.post(f"/v1/{call}", json=event, headers=AUTH) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": encode_basic_auth("wrong", "")},
        {"Authorization": "Basic ?"},
        {"Authorization": "Basic " + "A" * 3000},
        {"Authorization": "Bearer wk-test"},
        {"Authorization": "Basic w7zDvA=="},
    ],
)
async def test_a_wrong_key_is_refused_for_good(client: ClientSession, venue: Venue, headers: dict[str, str]) -> None:
    async with client.post("/v1/batch", data=body(), headers=headers) as answer:
        refusal = await answer.json()

    assert (answer.status, refusal["code"], refusal["success"]) == (401, "unauthorized", False)
    assert "LOOKOUT_WRITE_KEYS" in refusal["message"]
    async with venue.store() as work:
        assert await work.inbox.backlog() == 0


async def test_posthogs_key_is_checked_too(client: ClientSession) -> None:
    async with client.post("/batch/", json={"api_key": "wrong", "batch": []}) as answer:
        assert answer.status == 401


async def test_without_any_write_key_nobody_may_send() -> None:
    class Nobody:
        async def accept(self, arrivals: Sequence[Arrival]) -> None:
            raise AssertionError("nothing may come here")

    async with (
        serving(application(Nobody(), keys=["", ""], clock=wall_clock, zone=ZONE)) as session,
        session.post("/v1/batch", data=body(), headers={"Authorization": encode_basic_auth("", "")}) as answer,
    ):
        assert answer.status == 401


async def test_gzip_is_inflated_whatever_the_content_type_says(client: ClientSession, venue: Venue) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    async with client.post("/v1/batch", data=gzip.compress(body()), headers=AUTH | headers) as answer:
        assert answer.status == 200

    assert (await venue.drain.run()).uses == 1


@pytest.mark.parametrize(
    "raw",
    [b"not gzip at all", gzip.compress(body())[:-12], gzip.compress(body())[:20] + b"x" * 40],
    ids=["no gzip", "cut", "damaged"],  # gzip carries the time: without names each worker collects other tests
)
async def test_damaged_gzip_is_refused(client: ClientSession, raw: bytes) -> None:
    async with client.post("/v1/batch", data=raw, headers=AUTH | {"Content-Encoding": "gzip"}) as answer:
        assert answer.status == 400
        assert "Traceback" not in await answer.text()


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip"])
async def test_other_encodings_are_refused(client: ClientSession, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    async with client.post("/v1/batch", data=zlib.compress(body()), headers=AUTH | headers) as answer:
        assert answer.status in {400, 415}


async def test_a_gzip_bomb_is_refused_before_it_fills_the_memory(client: ClientSession) -> None:
    bomb = gzip.compress(b"\0" * (20 * LARGEST_BODY))
    async with client.post("/v1/batch", data=bomb, headers=AUTH | {"Content-Encoding": "gzip"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (413, "too_large")


async def test_a_large_body_is_refused(client: ClientSession) -> None:
    async with client.post("/v1/batch", data=b" " * (LARGEST_BODY + 1), headers=AUTH) as answer:
        assert answer.status == 413


async def test_the_largest_batch_of_any_sdk_is_taken(client: ClientSession) -> None:
    padded = [EVENT | {"messageId": str(n), "properties": {"text": "x" * 60_000}} for n in range(100)]
    async with client.post("/v1/batch", data=body(*padded), headers=AUTH) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"[1]", b"null", b"payload=x", b"[" * 50_000, b'{"a":' * 50_000, b"\xff\xfe"]
)
async def test_broken_json_is_refused_and_the_server_lives_on(client: ClientSession, raw: bytes) -> None:
    async with client.post("/v1/batch", data=raw, headers=AUTH) as answer:
        text = await answer.text()
        assert (answer.status, "Traceback" in text) == (400, False)
    async with client.get("/livez") as alive:
        assert alive.status == 200


async def test_unusable_events_are_named_and_the_rest_is_taken(client: ClientSession, venue: Venue) -> None:
    async with client.post("/v1/batch", data=body(EVENT, 5, {"type": "track"}), headers=AUTH) as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {
                "success": True,
                "rejected": [
                    {"index": 1, "reason": "is no JSON object"},
                    {"index": 2, "reason": "has neither userId nor anonymousId"},
                ],
            },
        )
    assert (await venue.drain.run()).uses == 1


async def test_a_batch_of_nothing_usable_is_refused_for_good(client: ClientSession) -> None:
    async with client.post("/v1/batch", data=body(5), headers=AUTH) as answer:
        assert (answer.status, (await answer.json())["rejected"]) == (
            400,
            [{"index": 0, "reason": "is no JSON object"}],
        )


async def test_a_request_keeps_its_id_and_gets_one_if_it_has_none(client: ClientSession) -> None:
    async with client.post("/v1/batch", data=body(), headers=AUTH | {"X-Request-Id": "abc-1"}) as named:
        assert named.headers["X-Request-Id"] == "abc-1"
    async with client.post("/v1/batch", data=body(), headers=AUTH | {"X-Request-Id": "a b\tc"}) as odd:
        assert odd.headers["X-Request-Id"] != "a b\tc"
    async with client.post("/v1/batch", data=b"", headers=AUTH) as refused:
        assert refused.headers["X-Request-Id"]


async def test_what_cannot_be_kept_is_to_be_sent_again() -> None:
    class Full:
        async def accept(self, arrivals: Sequence[Arrival]) -> None:
            raise Unavailable("The disk of the database is full.")

    async with (
        serving(application(Full(), keys=[KEY], clock=wall_clock, zone=ZONE)) as session,
        session.post("/v1/batch", data=body(), headers=AUTH) as answer,
    ):
        assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)


async def test_a_fault_of_ours_shows_no_traceback() -> None:
    class Broken:
        async def accept(self, arrivals: Sequence[Arrival]) -> None:
            raise ZeroDivisionError("secret inside")

    async with (
        serving(application(Broken(), keys=[KEY], clock=wall_clock, zone=ZONE)) as session,
        session.post("/v1/batch", data=body(), headers=AUTH) as answer,
    ):
        text = await answer.text()

    assert answer.status == 500
    assert "secret" not in text
    assert "Traceback" not in text


async def test_readiness_names_the_parts_and_liveness_does_not_depend_on_them() -> None:
    async def ready() -> dict[str, bool]:
        return {"database": True, "slack": False}

    async with serving(application(NOWHERE, keys=[KEY], clock=wall_clock, zone=ZONE, ready=ready)) as session:
        async with session.get("/readyz") as not_yet:
            assert (not_yet.status, await not_yet.json()) == (503, {"database": True, "slack": False})
        async with session.get("/livez") as alive:
            assert alive.status == 200


async def test_slack_is_answered_by_whoever_was_handed_in() -> None:
    async def slack(request: web.Request) -> web.StreamResponse:
        return web.Response(text=(await request.read()).decode())

    async with (
        serving(application(NOWHERE, keys=[], clock=wall_clock, zone=ZONE, slack=slack)) as session,
        session.post("/slack/events", data=b"payload=1") as answer,
    ):
        assert await answer.text() == "payload=1"


async def test_where_nothing_is_nothing_is_told(client: ClientSession) -> None:
    async with client.get("/v1/batch") as wrong_method, client.get("/etc") as nothing:
        assert (wrong_method.status, nothing.status) == (405, 404)
    async with client.post("/slack/events") as no_slack:
        assert no_slack.status == 404


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic Q\r\nAuthorization: Q\r\nContent-Length: 0\r\n\r\n",
        b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n{}",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_broken_http_gets_a_plain_refusal(venue: Venue, request_bytes: bytes) -> None:
    host, port = venue.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request_bytes)
    answer = await asyncio.wait_for(reader.read(4096), 5)
    writer.close()

    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert b"Traceback" not in answer


class _Nowhere:
    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Keep nothing."""


NOWHERE = _Nowhere()


class serving:  # noqa: N801 - reads as a verb in `async with`
    """The application on a free port, and a client for it."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app)

    async def __aenter__(self) -> ClientSession:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._session = ClientSession(f"http://127.0.0.1:{self._runner.addresses[0][1]}")
        return self._session

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

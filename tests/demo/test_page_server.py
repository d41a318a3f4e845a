"""The page's server answers this machine alone."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from bot.demo.page_server import PageServer
from bot.demo.slack import LocalSlack
from tests.demo.conftest import populate


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Content-Type": "text/plain"}]
)
async def test_other_sites_and_other_host_names_are_refused(headers: dict[str, str]) -> None:
    slack = LocalSlack()
    PageServer(slack)
    async with slack, ClientSession() as session:
        populate(slack)
        body = {"user": slack.workspace.user("ana").id, "channel": slack.channel("#cs-alerts").id, "text": "hi"}
        async with session.post(f"{slack.address}/demo/act/say", json=body, headers=headers) as answer:
            assert answer.status == 403
        assert slack.messages("#cs-alerts") == []
        async with session.post(f"{slack.address}/demo/act/say", json=body) as answer:
            assert answer.status == 200
        assert [message.text for message in slack.messages("#cs-alerts")] == ["hi"]


@pytest.mark.parametrize("name", ["..%2Fworld.py", "world.py", "%2Fetc%2Fpasswd", "none.js"])
async def test_only_the_pages_own_files_are_served(name: str) -> None:
    slack = LocalSlack()
    PageServer(slack)
    async with slack, ClientSession() as session:
        async with session.get(f"{slack.address}/page/{name}") as answer:
            assert answer.status == 404
        async with session.get(f"{slack.address}/page/app.js") as answer:
            assert answer.status == 200
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_one_person_cannot_press_what_another_sees_alone() -> None:
    slack = LocalSlack()
    PageServer(slack)
    async with slack, ClientSession() as session:
        populate(slack)
        ana, ben = slack.workspace.user("ana").id, slack.workspace.user("ben").id
        channel = slack.channel("#cs-alerts")
        private = slack.workspace.post(channel, slack.workspace.bot.id, text="for Ana", visible_to=ana)
        body = {"user": ben, "channel": channel.id, "ts": private.ts, "action_id": "x", "block_id": "y"}
        async with session.post(f"{slack.address}/demo/act/click", json=body) as answer:
            assert (await answer.json())["error"] == "this message is gone"
        async with session.get(f"{slack.address}/demo/state", params={"user": ben}) as answer:
            assert "for Ana" not in await answer.text()

"""A small HubSpot and Salesforce in one: it keeps records, lags in search like HubSpot, and fails when told to.

Both of their official SDKs work with it, so that what we send can be compared with what they send.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.crm.mapping import HUBSPOT, SALESFORCE

TOKEN, FRESH = "first-token", "fresh-token"
SOBJECTS, QUERY = "/services/data/v59.0/sobjects", "/services/data/v59.0/query"
MADE = {"createdAt": "2026-11-20T09:00:00Z", "updatedAt": "2026-11-20T09:00:00Z", "archived": False}
HEALTH = (*HUBSPOT["written"].values(), *SALESFORCE["written"].values())
BATCH = {"status": "COMPLETE", "startedAt": "2026-11-20T09:00:00Z", "completedAt": "2026-11-20T09:00:00Z"}


@dataclass
class CrmServer:
    """What the CRMs hold and what they were asked. `faults`: what to do instead, one for each matching request.

    A fault is a status, `hang` (take it, answer too late), `drop` (take it, close the connection) or `odd` (take it,
    answer what nobody expects).
    """

    page: int = 2
    objects: defaultdict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    linked: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    faults: list[tuple[str, object]] = field(default_factory=list)
    unindexed: set[str] = field(default_factory=set)
    lagging: bool = True
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    properties: set[str] = field(default_factory=lambda: {"lookout_account_id", "domain", "name", "email", *HEALTH})
    missing: set[str] = field(default_factory=set)
    retry_after: str = "7"
    url: str = ""
    seconds: float = 0.0

    def put(self, kind: str, id: str, **properties: Any) -> str:  # noqa: A002
        """Keep a record."""
        self.objects[kind][id] = properties
        return id

    def written(self, kind: str) -> list[dict[str, Any]]:
        """The records of a kind that we made."""
        return list(self.objects[kind].values())

    def told(self, method: str, path: str) -> list[tuple[str, str, Any]]:
        """Requests of a method whose path has this in it."""
        return [one for one in self.asked if one[0] == method and path in one[1]]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer, or fail as told."""
        body = await request.text()
        asked: Any = body
        if body and request.content_type == "application/json":
            asked = json.loads(body)
        path = request.raw_path
        self.asked.append((request.method, path, asked))
        fault = next((one for one in self.faults if one[0] in f"{request.method} {path}"), None)
        if fault is not None:
            self.faults.remove(fault)
        if fault is not None and isinstance(fault[1], int):
            return self._failure(fault[1])
        if "token" in request.path:
            self.tokens.add(FRESH)
            return web.json_response(
                {"access_token": FRESH, "refresh_token": "r", "expires_in": 1800, "token_type": "bearer"}
            )
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self._failure(401)
        answer = self._hubspot(request, asked) if path.startswith("/crm/") else self._salesforce(request, asked)
        if fault is not None and fault[1] == "odd":
            return web.json_response({"notice": "nobody documented this"})
        if fault is not None:
            if fault[1] == "hang":
                await asyncio.sleep(self.seconds)
            assert request.transport is not None
            request.transport.close()
        return answer

    def _failure(self, status: int) -> web.Response:
        headers = {429: {"Retry-After": self.retry_after}, 302: {"Location": f"{self.url}/elsewhere"}}.get(status)
        said = {"status": "error", "message": "it is so", "category": "VALIDATION_ERROR"}
        return web.json_response(said, status=status, headers=headers)

    def _hubspot(self, request: web.Request, asked: Any) -> web.Response:  # noqa: PLR0911 - an answer a path
        parts = request.path.strip("/").split("/")
        if parts[2] == "owners":
            email = request.query.get("email")
            found = [
                {"id": one, "email": self.owners[one], "type": "PERSON", "userId": 1, **MADE} for one in self.owners
            ]
            return web.json_response({"results": [one for one in found if email in {None, one["email"]}]})
        if parts[2] == "properties":
            return web.json_response({"results": [{"name": name} for name in sorted(self.properties)]})
        if "associations" in parts:
            ids = self.linked[parts[4], parts[6]]
            return self._paged([{"toObjectId": int(one), "associationTypes": []} for one in ids], request)
        kind, rest = parts[3], parts[4:]
        if request.method == "POST":
            return self._hubspot_post(kind, rest, asked)
        if rest and rest[0] not in self.objects[kind]:
            return self._failure(404)
        if request.method == "PATCH":
            if unknown := self.missing & asked["properties"].keys():
                return web.json_response({"category": "VALIDATION_ERROR", "message": f"no {unknown}"}, status=400)
            self.objects[kind][rest[0]] |= asked["properties"]
            return web.json_response(self._told(kind, rest[0], []))
        if rest:
            return web.json_response(self._told(kind, rest[0], []))
        names = request.query.getall("properties", [])
        return self._paged([self._told(kind, one, names) for one in self.objects[kind]], request)

    def _hubspot_post(self, kind: str, rest: list[str], asked: Any) -> web.Response:
        if rest == ["search"]:
            wanted = asked["filterGroups"][0]["filters"][0]
            if wanted["propertyName"] in self.missing:
                return self._failure(400)
            found = [
                self._told(kind, one, asked["properties"])
                for one, properties in self.objects[kind].items()
                if one not in self.unindexed and properties.get(wanted["propertyName"]) == wanted["value"]
            ]
            return web.json_response({"total": len(found), "results": found[: asked["limit"]]})
        if rest == ["batch", "read"]:
            found = [self._told(kind, one["id"], asked["properties"]) for one in asked["inputs"]]
            return web.json_response(BATCH | {"results": found})
        about = [one["to"]["id"] for one in asked["associations"]]
        if not all(one in self.objects["companies"] or one in self.objects["contacts"] for one in about):
            return self._failure(400)
        made = str(9000 + sum(map(len, self.objects.values())))
        self.objects[kind][made] = asked["properties"] | {"about": about}
        for one in about:
            self.linked[one, kind].append(made)
        if self.lagging:
            self.unindexed.add(made)
        return web.json_response(self._told(kind, made, []), status=201)

    def _told(self, kind: str, id: str, names: list[str]) -> dict[str, Any]:  # noqa: A002
        properties = self.objects[kind][id]
        return {"id": id, "properties": {name: properties.get(name) for name in names}, **MADE}

    def _paged(self, rows: list[dict[str, Any]], request: web.Request) -> web.Response:
        start = int(request.query.get("after", "0"))
        body: dict[str, Any] = {"results": rows[start : start + self.page]}
        if start + self.page < len(rows):
            body["paging"] = {"next": {"after": str(start + self.page)}}
        return web.json_response(body)

    def _salesforce(self, request: web.Request, asked: Any) -> web.Response:  # noqa: PLR0911 - an answer a path
        path = request.path
        if path.startswith(QUERY):
            return self._query(request)
        _, _, rest = path.partition(SOBJECTS + "/")
        table, *more = [unquote(one) for one in rest.split("/")]
        if more == ["describe"]:
            names = {"Lookout_Id__c", *self.properties} - self.missing
            fields = [{"name": name, "externalId": name == "Lookout_Id__c"} for name in sorted(names)]
            return web.json_response({"name": table, "fields": fields})
        if unknown := self.missing & asked.keys():
            return self._refusal("INVALID_FIELD", f"No such column '{unknown.pop()}' on sobject of type {table}")
        if len(more) == 1:
            if more[0] not in self.objects[table]:
                return self._refusal("NOT_FOUND", "not there", 404)
            self.objects[table][more[0]] |= asked
            return web.Response(status=204)
        name, value = more
        if name in self.missing:
            return self._refusal("NOT_FOUND", f"Provided external ID field does not exist: {name}", 404)
        if asked["WhatId"] not in self.objects["Account"]:
            return self._refusal("ENTITY_IS_DELETED", "entity is deleted")
        known = next((one for one, row in self.objects[table].items() if row.get(name) == value), None)
        made = known or f"00T{len(self.objects[table]):03d}"
        self.objects[table][made] = self.objects[table].get(made, {}) | asked | {name: value}
        said = {"id": made, "success": True, "created": known is None, "errors": []}
        return web.json_response(said, status=200 if known else 201)

    def _query(self, request: web.Request) -> web.Response:
        if "q" not in request.query:
            key, start = request.path.rpartition("/")[2].split("-")
            return self._rows(self._found[key], key, int(start))
        soql = request.query["q"]
        found = re.fullmatch(r"SELECT (.+?) FROM (\w+)(?: WHERE (.+?))?(?: LIMIT (\d+))?", soql)
        assert found, soql
        columns, table, where, limit = found.groups()
        for name in columns.split(", "):
            if name in self.missing:
                return self._refusal("INVALID_FIELD", f"No such column '{name}' on entity '{table}'.")
        rows = [{"Id": one, **row} for one, row in self.objects[table].items()]
        for condition in (where or "").split(" AND ") if where else []:
            rows = [row for row in rows if _holds(row, condition)]
        rows = [
            {name.partition(".")[0]: row.get(name.partition(".")[0]) for name in columns.split(", ")} for row in rows
        ]
        key = f"01g{len(self._found)}"
        self._found[key] = rows[: int(limit)] if limit else rows
        return self._rows(self._found[key], key, 0)

    _found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def _rows(self, rows: list[dict[str, Any]], key: str, start: int) -> web.Response:
        end = start + self.page
        body: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
        if end < len(rows):
            body["nextRecordsUrl"] = f"{QUERY}/{key}-{end}"
        return web.json_response(body)

    def _refusal(self, code: str, text: str, status: int = 400) -> web.Response:
        return web.json_response([{"errorCode": code, "message": text}], status=status)


def _holds(row: dict[str, Any], condition: str) -> bool:
    name, operator, value = re.fullmatch(r"(\w+) (=|LIKE) (.+)", condition).groups()  # type: ignore[union-attr]
    if value == "true":
        return bool(row.get(name))
    wanted = re.sub(r"\\(.)", r"\1", value.strip("'"))
    told = str(row.get(name) or "")
    return wanted.strip("%") in told if operator == "LIKE" else told.lower() == wanted.lower()


@asynccontextmanager
async def crm_server(kind: type[CrmServer] = CrmServer, **tls: Any) -> AsyncIterator[CrmServer]:
    """A server on a free port of this machine."""
    server = kind()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, **tls).start()
    server.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()

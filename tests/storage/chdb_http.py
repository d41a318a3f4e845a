"""ClickHouse's engine in this process (chdb) behind ClickHouse's own HTTP protocol, as its usual client speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROTOCOL = {"database", "query", "default_format", "session_id", "query_id", "wait_end_of_query"}


@dataclass
class ClickHouse:
    """`url` for clients; `asked` holds each statement that came and the settings it came with."""

    url: str
    session: Any
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def answer(self, target: str, body: str) -> bytes:
        told = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        query = told.get("query", "") + body
        settings = {
            name: value for name, value in told.items()
            if name not in PROTOCOL and not name.startswith(("param_", "http_", "enable_http", "client_"))
        }  # fmt: skip
        self.asked.append((query.strip(), settings))
        if settings and query.lstrip().startswith(("SELECT", "WITH")):
            head, _, form = query.rpartition("FORMAT")
            changed = ", ".join(f"{name} = '{value}'" for name, value in settings.items())
            query = f"{head} SETTINGS {changed} FORMAT {form}"
        with self.lock:
            return self.session.query(query, told.get("default_format", "TabSeparated")).bytes() or b""


@contextmanager
def clickhouse(session: Any) -> Iterator[ClickHouse]:
    """Serve a chdb session on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            try:
                answer, status = served.answer(self.path, body), 200
            except RuntimeError as error:
                answer, status = str(error).encode(), 500
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815 - the name that the server looks for

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = ClickHouse(f"clickhouse://default@127.0.0.1:{server.server_address[1]}/default", session)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()

"""Opens a warehouse for reading, by its URL, with Ibis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import ibis
import ibis.expr.types as ir
from ibis import BaseBackend
from pyarrow import RecordBatchReader

from storage.usage.source import Source

READ_ONLY: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"duckdb": {"read_only": True}, "clickhouse": {"settings": {"readonly": 2}}}
)
"""How a connection is opened so that it cannot write, where an engine offers that; elsewhere rights must see to it."""
ONLY_READ_NOW: Mapping[str, str] = MappingProxyType({"postgres": "SET default_transaction_read_only = on"})
INSTANTS = frozenset({"clickhouse"})
"""Engines whose times without a zone are instants, only shown in the server's zone."""


def connected(url: str) -> BaseBackend:
    """A connection that only reads; its driver's errors are passed on. A driver named in the scheme is left out."""
    plain = re.sub(r"^(\w+)\+\w+://", r"\1://", url)
    connection: BaseBackend = ibis.connect(plain, **READ_ONLY.get(urlsplit(plain).scheme, {}))
    if statement := ONLY_READ_NOW.get(connection.name):
        with closing(connection.raw_sql(statement)):
            pass
    return connection


def table(connection: BaseBackend, source: Source) -> ir.Table:
    """The source's table, without the rows that its `where` leaves out.

    Its columns are looked up by name: describing a query would make a view in the warehouse.
    """
    *place, name = source.table.split(".")
    found = connection.table(name, database=tuple(place) if len(place) > 1 else place[0] if place else None)
    if not source.where:
        return found
    whole = ibis.to_sql(found, dialect=connection.name)
    return connection.sql(f"SELECT * FROM ({whole}\n) AS events WHERE (\n{source.where}\n)", schema=found.schema())  # noqa: S608 - the condition is the owner's own SQL


def batches(connection: BaseBackend, question: ir.Table, rows: int) -> RecordBatchReader:
    """The answer to a question, `rows` at a time."""
    if connection.name == "duckdb":
        # Ibis 12 asks DuckDB 2 for batches by a name that it no longer has.
        return connection.con.sql(connection.compile(question)).to_arrow_reader(rows)
    return connection.to_pyarrow_batches(question, chunk_size=rows)


def times_are_instants(connection: BaseBackend) -> bool:
    """Whether this engine's times without a zone are instants all the same."""
    return connection.name in INSTANTS

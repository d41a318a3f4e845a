"""What stands in the log, and what never does."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from secrets import token_hex

import pytest
import structlog

from bot.logs import OURS, log_to


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def fail_with(secret: str) -> None:
    draft = f"Dear Dana, {secret}"
    raise RuntimeError("the sweep broke"[: len(draft)])


def test_a_traceback_names_the_place_and_none_of_the_values(stream: io.StringIO) -> None:
    log_to(stream)
    canary = token_hex()
    try:
        fail_with(canary)
    except RuntimeError:
        structlog.get_logger("bot.schedule").exception("sweep failed", sweep="send")
        logging.getLogger("handlers.errors").exception("a listener failed")
    said = stream.getvalue()
    assert said.count("\nRuntimeError: the sweep broke\n") == 2
    assert "fail_with" in said
    assert canary not in said


def test_a_record_keeps_what_was_added_to_it_on_one_line(stream: io.StringIO) -> None:
    log_to(stream)
    logging.getLogger("handlers.middleware").warning("refused at the door", extra={"user": "U1\nforged=1"})
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert "event='refused at the door'" in lines[0]
    assert r"user='U1\nforged=1'" in lines[0]


def test_our_records_begin_at_the_level_that_was_set_and_those_of_libraries_at_warnings(stream: io.StringIO) -> None:
    log_to(stream, level="INFO")
    structlog.get_logger("bot.app").info("lookout is running")
    logging.getLogger("apscheduler.executors.default").info("Running job")
    assert "lookout is running" in stream.getvalue()
    assert "Running job" not in stream.getvalue()
    log_to(stream, level="ERROR")
    structlog.get_logger("bot.app").info("told to nobody")
    assert "told to nobody" not in stream.getvalue()

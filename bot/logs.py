"""What operators read on the terminal: one line for each thing that happened, never a name, a mail or a secret.

A traceback is printed without the values of its variables: those hold drafts, addresses and tokens (J8, I12).
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog

OURS = ("bot", "handlers", "prompts", "scoring", "storage")
KEYS = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], drop_missing=True)


def log_to(stream: TextIO = sys.stderr, *, level: str = "INFO") -> None:
    """Write our own records from `level` on, and warnings of the libraries that we use, as `key=value` lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _line,
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    # A sweep that still runs when its next tick comes is left to finish; that is no news (bot/schedule.py).
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _line(logger: object, name: str, record: structlog.typing.EventDict) -> str:
    """One line, in which a value cannot begin another; a traceback follows as it is."""
    traceback = record.pop("exception", "")
    said = KEYS(logger, name, record)
    return f"{said}\n{traceback}" if traceback else said

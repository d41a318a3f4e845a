"""The process in which scoring works, so that nobody who clicks waits for arithmetic. It ends with the bot."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def scoring_process() -> ProcessPoolExecutor:
    """One process, started afresh: a copy of ours would bring along threads and open files."""
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=_depend_on_the_bot)


def _depend_on_the_bot() -> None:
    """Ctrl+C reaches every process of a terminal; the bot decides what ends, and its worker ends with it, however."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_bot, daemon=True).start()


def _end_with_the_bot() -> None:
    """A bot that is killed can tell nobody; its worker would wait for work for ever, and hold its memory."""
    bot = parent_process()
    if bot is not None:
        bot.join()
        os._exit(1)

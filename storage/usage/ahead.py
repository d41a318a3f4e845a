"""Does work in other threads a little ahead of the one that needs its results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item], *, at_once: int = 1) -> Iterator[Result]:
    """The results in the order of the items; at most `at_once` wait beside the one that was handed out.

    For work that lets go of Python's lock: threads that fight for it cost more than they bring.
    """
    coming: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for item in items:
                coming.append(pool.submit(work, item))
                if len(coming) > at_once:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for one in coming:
                one.cancel()

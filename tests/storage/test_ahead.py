"""What is read ahead comes in order, never far ahead, and a failure reaches whoever asked."""

from __future__ import annotations

from threading import Event, Lock

import pytest

from storage.usage.ahead import ahead


@pytest.mark.parametrize("at_once", [1, 3, 50])
def test_results_come_in_the_order_of_the_items(at_once: int) -> None:
    assert list(ahead(lambda item: item * item, range(20), at_once=at_once)) == [item * item for item in range(20)]
    assert list(ahead(lambda item: item, [], at_once=at_once)) == []


def test_no_more_is_begun_than_may_wait() -> None:
    begun: list[int] = []
    lock = Lock()

    def work(item: int) -> int:
        with lock:
            begun.append(item)
        return item

    for handed_out in ahead(work, range(20), at_once=2):
        assert max(begun) <= handed_out + 2
    assert sorted(begun) == list(range(20))


def test_a_failure_reaches_whoever_asked_and_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise OSError(item)
        return item

    found = ahead(work, range(1_000))
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="3"):
        next(found)
    assert len(begun) <= 5


def test_work_goes_on_while_the_last_result_is_used() -> None:
    second = Event()

    def work(item: int) -> int:
        if item == 1:
            second.set()
        return item

    found = ahead(work, range(2))
    next(found)
    assert second.wait(10)
    assert next(found) == 1

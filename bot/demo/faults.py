"""Ways in which Slack can fail, on order: per method, a number of times, so that tests can rehearse bad days."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad answer.

    `status` and `error` are what is answered; `hang` waits that many seconds first; `drop` closes the connection
    without an answer, `after` it the work was done all the same; `garbage` answers 200 with broken JSON.
    """

    error: str = ""
    status: int = 200
    retry_after: int = 0
    hang: float = 0.0
    drop: bool = False
    after: bool = False
    garbage: bool = False

    @classmethod
    def code(cls, error: str) -> Fault:
        """Slack says no with this error code."""
        return cls(error=error)

    @classmethod
    def busy(cls, retry_after: int = 1) -> Fault:
        """429 with `Retry-After`."""
        return cls(error="ratelimited", status=429, retry_after=retry_after)

    @classmethod
    def broken(cls, status: int = 500) -> Fault:
        """A server error without JSON."""
        return cls(status=status)

    @classmethod
    def hanging(cls, seconds: float) -> Fault:
        """The right answer, late."""
        return cls(hang=seconds, after=True)

    @classmethod
    def dropped(cls, *, after_accepting: bool) -> Fault:
        """The connection breaks; `after_accepting` leaves the work done."""
        return cls(drop=True, after=after_accepting)

    @classmethod
    def bad_json(cls) -> Fault:
        """200 and half an answer; the work was done."""
        return cls(garbage=True, after=True)


@dataclass(slots=True)
class Faults:
    """The faults that were ordered, first come first served per method (`*` is any method)."""

    ordered: dict[str, deque[Fault]] = field(default_factory=dict)

    def order(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` calls of a method fail like this."""
        self.ordered.setdefault(method, deque()).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """The fault for this call, used up."""
        queue = self.ordered.get(method) or self.ordered.get("*")
        return queue.popleft() if queue else None

    def clear(self) -> None:
        """Be well again."""
        self.ordered.clear()

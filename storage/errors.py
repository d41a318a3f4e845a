"""What the database says, in words a person can act on. Driver errors are wrapped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from scoring.errors import InvalidInput, LookoutError, Unavailable

BUSY = "The database is busy with something else. Nothing was changed. Try again in a moment."
FULL = "The disk of the database is full. Nothing was changed. Free some space; Lookout goes on by itself."
UNREADABLE = "The disk of the database gave an error. Nothing was changed. Look at the disk."
READ_ONLY = "The database may only be read. Nothing was changed. Give Lookout's user the right to write to it."
DAMAGED = (
    "The database file is damaged. Nothing was changed. Stop Lookout and restore the newest backup; "
    "storage/README.md says how."
)
NO_FILE = "The database file cannot be opened. Look at its folder and its rights."
NO_TABLES = "The database lacks a table. Run `lookout migrate`."
REFUSED = "The database refused our login or our rights: {detail}. Look at DATABASE_URL."
AWAY = "The database does not answer. Nothing more is done until it does."
UNKNOWN = "The database gave an error: {detail}. Nothing was changed."
UNFIT = "A value cannot be stored: {detail}."

# https://www.sqlite.org/rescode.html, the primary codes, and whether trying again cannot help.
_SQLITE = {
    "SQLITE_BUSY": (BUSY, False),
    "SQLITE_LOCKED": (BUSY, False),
    "SQLITE_FULL": (FULL, False),
    "SQLITE_IOERR": (UNREADABLE, False),
    "SQLITE_READONLY": (READ_ONLY, True),
    "SQLITE_PERM": (READ_ONLY, True),
    "SQLITE_CORRUPT": (DAMAGED, True),
    "SQLITE_NOTADB": (DAMAGED, True),
    "SQLITE_CANTOPEN": (NO_FILE, True),
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html, by class or whole code.
_POSTGRES = {
    "55P03": (BUSY, False),
    "40": (BUSY, False),
    "57014": (BUSY, False),
    "53100": (FULL, False),
    "25006": (READ_ONLY, True),
    "28": (REFUSED, True),
    "3D": (REFUSED, True),
    "42501": (REFUSED, True),
    "42P01": (NO_TABLES, True),
    "XX001": (DAMAGED, True),
    "XX002": (DAMAGED, True),
    "58": (UNREADABLE, False),
    "53": (AWAY, False),
    "57": (AWAY, False),
    "08": (AWAY, False),
}
# libpq refuses a login before it knows a code.
_LOGIN = ("password authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")


class IllegalMove(RuntimeError):
    """A state was to change in a way that is not in the table of legal moves: a fault in our code, not a race."""


class ConstraintBroken(RuntimeError):
    """The database refused a row that breaks a promise of its tables: a fault in our code, not a race."""


@contextmanager
def wrapped() -> Iterator[None]:
    """Turn whatever a driver raises into `Unavailable`, `InvalidInput` or a fault of ours; pass everything else on."""
    try:
        yield
    except (PoolTimeout, SQLAlchemyError, OverflowError, UnicodeEncodeError) as error:
        # A driver's own words may quote the row (names, addresses, mails), and a traceback goes to the log.
        raise _named(error) from None


def _named(error: Exception) -> Exception:
    if isinstance(error, PoolTimeout):
        return Unavailable(BUSY)
    if isinstance(error, IntegrityError):
        return ConstraintBroken(_detail(error))
    if isinstance(error, DBAPIError) and error.orig is not None:
        return _from_driver(error.orig)
    if isinstance(error, StatementError) and isinstance(error.orig, (ValueError, TypeError)):
        return error.orig
    if isinstance(error, (OverflowError, UnicodeEncodeError)):
        return InvalidInput(UNFIT.format(detail=error))
    return error


def _from_driver(error: BaseException) -> LookoutError:
    if isinstance(error, (OverflowError, UnicodeEncodeError)) or _unfit(error):
        return InvalidInput(UNFIT.format(detail=_line(error)))
    text, permanent = _sqlite(error) or _postgres(error) or (UNKNOWN, False)
    return Unavailable(text.format(detail=_line(error)), permanent=permanent)


def _unfit(error: BaseException) -> bool:
    code = getattr(error, "sqlstate", None)
    return type(error).__name__ == "DataError" if code is None else str(code).startswith("22")


def _sqlite(error: BaseException) -> tuple[str, bool] | None:
    name = getattr(error, "sqlite_errorname", None)
    if name is None:
        return None
    if "no such table" in str(error) or "no such column" in str(error):
        return NO_TABLES, True
    return next((verdict for code, verdict in _SQLITE.items() if name == code or name.startswith(code + "_")), None)


def _postgres(error: BaseException) -> tuple[str, bool] | None:
    code = getattr(error, "sqlstate", None)
    if code is not None:
        return next((verdict for prefix, verdict in _POSTGRES.items() if code.startswith(prefix)), None)
    if type(error).__module__.startswith("psycopg") and type(error).__name__ == "OperationalError":
        return (REFUSED, True) if any(phrase in str(error) for phrase in _LOGIN) else (AWAY, False)
    return None


def _detail(error: DBAPIError) -> str:
    return _line(error.orig) if error.orig is not None else "a constraint"


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

"""What Spark's workers run: the windows of a block of accounts, then the scores of a day over all accounts.

Nothing here knows Spark: Arrow tables in, Arrow tables out, and between them the functions of `scoring/` that the usage
store on one machine runs too. People and event names have numbers within one table only; outside they are texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scoring.config import ScoreConfig
from scoring.day_columns import Texts
from scoring.frame import Frame, whole
from scoring.journeys import Step
from scoring.lives import lives
from scoring.power import Power
from scoring.roster import Milestones, Roster
from scoring.signals import Run
from scoring.windows import LEAD, Ints, Names, Span, Uses, Windows
from storage.usage.columns import NAME, PERSON

Object = npt.NDArray[np.object_]
WINDOWS = tuple(field.name for field in fields(Windows))
POWER = tuple(field.name for field in fields(Power))
TEXTS = {"last_person": "people", "last_name": "names", "power_person": "people"}
FEATURES = (*WINDOWS, *(f"power_{name}" for name in POWER))
SCORES = {
    "account_id": pa.string(), "day": pa.date32(), "health": pa.float64(), "activity": pa.float64(),
    "engagement": pa.float64(), "milestones": pa.float64(), "recency": pa.float64(), "usage_ratio": pa.float64(),
    "band": pa.string(), "coverage": pa.float64(), "config_version": pa.int64(), "churn_probability": pa.float64(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cohort:
    """What a day's scores need besides its features: all accounts and what is known of them; it travels to workers."""

    roster: Roster
    milestones: Milestones
    steps: tuple[Step, ...]
    peers: tuple[Ints, Ints]
    config: ScoreConfig


def window_features(rows: pa.Table, span: Span, config: ScoreConfig) -> pa.Table:
    """One row (account, day, features) for each account of a block and each day of `span`.

    `rows` are all daily roll-ups these accounts ever had: `kind, account, key, day, n`.
    """
    kind = _ints(rows, "kind")
    ids, account = _numbered(_strings(rows, "account"))
    people, persons = _uses(rows, account, kind == PERSON)
    names, features = _uses(rows, account, kind == NAME)
    numbers = _names(features, config)
    found, power = lives(people, names, len(ids), span=span, marks=numbers)
    known = {"people": persons, "names": features}
    columns: dict[str, npt.NDArray[np.generic]] = {
        "account": np.tile(ids, span.days),
        "day": np.repeat(np.arange(span.first, span.last + 1), len(ids)),
    }
    for prefix, part, parts in (("", found, WINDOWS), ("power_", power, POWER)):
        for name in parts:
            matrix = getattr(part, name).ravel()
            told = TEXTS.get(prefix + name)
            columns[prefix + name] = _texts(known[told], matrix) if told else matrix
    return pa.table(columns)


def day_frame(cohort: Cohort, features: pa.Table) -> tuple[Frame, Texts]:
    """The scores of all accounts on one day, and the texts behind its numbers.

    `features` are the day's rows of all blocks; accounts without a row never did anything. A row without an account
    only tells that the day exists.
    """
    day = int(_ints(features, "day")[0])
    features = features.filter(pa.compute.is_valid(features["account"]))
    roster = cohort.roster
    places = {account.id: place for place, account in enumerate(roster.accounts)}
    at = np.fromiter((places[one] for one in features["account"].to_pylist()), np.int64, features.num_rows)
    found, power = Windows.empty(1, len(roster)), Power.empty(1, len(roster))
    known = {kind: _all_texts(features, kind) for kind in ("people", "names")}
    for prefix, part, parts in (("", found, WINDOWS), ("power_", power, POWER)):
        for name in parts:
            told = TEXTS.get(prefix + name)
            getattr(part, name)[0, at] = (
                _placed(known[told], _strings(features, prefix + name), first=1)
                if told
                else _ints(features, prefix + name)
            )
    run = Run(
        Span(day - LEAD + 1, day, day), roster, cohort.milestones, cohort.steps, found, power,
        peers=cohort.peers, config=cohort.config,
    )  # fmt: skip
    return Frame.of(run), Texts(*(dict(enumerate(known[kind], 1)) for kind in ("people", "names")))


def day_scores(cohort: Cohort, features: pa.Table) -> pa.Table:
    """The rows of a score file for one day; empty where there is no value."""
    columns = day_frame(cohort, features)[0].columns()
    found = {name: whole(column) for name, column in columns.items()}
    arrays = [
        pa.array(found[name].astype("datetime64[D]") if name == "day" else found[name], kind, from_pandas=True)
        for name, kind in SCORES.items()
    ]
    return pa.table(dict(zip(SCORES, arrays, strict=True)))


def _uses(rows: pa.Table, account: Ints, wanted: npt.NDArray[np.bool_]) -> tuple[Uses, Object]:
    """The rows of one roll-up as `Uses`, sorted, and the texts behind their keys."""
    texts, key = _numbered(_strings(rows.filter(pa.array(wanted)), "key"))
    account, day, n = account[wanted], _ints(rows, "day")[wanted], _ints(rows, "n")[wanted]
    order = np.lexsort((day, key, account))
    return Uses(account[order], key[order], day[order], n[order]), texts


def _names(features: Object, config: ScoreConfig) -> Names:
    """The event names of the configuration by their numbers here; a key feature nobody used is still one (R5)."""
    ignored, wanted, logins = (
        np.flatnonzero(np.isin(features, sorted(names)))
        for names in (config.ignored_events, config.key_features, config.login_events)
    )
    if config.key_features and not len(wanted):
        wanted = np.array([-1])
    return Names(ignored, wanted, logins)


def _numbered(texts: Object) -> tuple[Object, Ints]:
    """The distinct texts in order, and the place of each text among them."""
    distinct = np.array(sorted(set(texts)), object)
    return distinct, _placed(distinct.tolist(), texts)


def _placed(distinct: Iterable[str], texts: Object, *, first: int = 0) -> Ints:
    """The place of each text among the distinct ones, counted from `first`; -1 where there is no text."""
    place = {text: number for number, text in enumerate(distinct, first)}
    return np.fromiter((-1 if text is None else place[text] for text in texts), np.int64, len(texts))


def _texts(distinct: Object, numbers: Ints) -> Object:
    """The text behind each number, None behind -1."""
    told: Object = np.array([*distinct, None], object)
    result: Object = told[numbers]
    return result


def _all_texts(features: pa.Table, kind: str) -> list[str]:
    found = {one for name, of in TEXTS.items() if of == kind for one in features[name].unique().to_pylist()}
    return sorted(found - {None})


def _ints(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].to_numpy(), np.int64)


def _strings(table: pa.Table, name: str) -> Object:
    texts: Object = table[name].to_numpy(zero_copy_only=False).astype(object)
    return texts

"""The gate that every draft passes before a person sees it as ready, and every edit as a warning (R45-R49)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from prompts import grounding, shape
from prompts.library import Library
from scoring.casework import Fact, Finding
from scoring.model import Account, Person

MOST_FINDINGS = 12
MOST_CHARACTERS = 3_000
LONGEST_WORD = 80
TOO_LONG = Finding("R47", f"the text is longer than {MOST_CHARACTERS} characters; only its beginning was read")
ENDLESS = Finding("R47", f"a word is longer than {LONGEST_WORD} characters")

_ENDLESS = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


def check(
    subject: str,
    body: str,
    *,
    library: Library,
    facts: Sequence[Fact],
    account: Account,
    contact: Person,
    csm: Person,
    links: Iterable[str] = (),
    features: Iterable[str] = (),
    wording: str = "",
) -> tuple[Finding, ...]:
    """Everything a CSM should know before this text leaves, each with its rule; empty means that it may go.

    `facts` are the ones that may be told to the customer, `links` the allow-list, `features` the names of features
    (milder phrase lists look away there), `wording` a template's own words, which the team wrote itself.
    """
    known = [*(fact.text for fact in facts), *(fact.value for fact in facts), wording]
    people = (contact.name, csm.name, account.name)
    allowed = tuple(filter(None, links))
    subject, body, found = _readable(subject, grounding.without_links(body, allowed))
    text = f"{subject}\n{body}"
    found += [
        *grounding.findings(text, known, people=people, vocabulary=library.vocabulary),
        *library.phrases.findings(text, names=features, facts="\n".join(known)),
        *shape.findings(subject, body, library.vocabulary),
    ]
    return tuple(dict.fromkeys(found))[:MOST_FINDINGS]


def _readable(subject: str, body: str) -> tuple[str, str, list[Finding]]:
    """The text cut to what can be read in a blink: no pattern is slow on short words and few blank lines."""
    found = [TOO_LONG] if len(subject) + len(body) > MOST_CHARACTERS else []
    found += [ENDLESS] if _ENDLESS.search(subject) or _ENDLESS.search(body) else []
    subject, body = (_ENDLESS.sub("…", part[:MOST_CHARACTERS]) for part in (subject, body))
    return re.sub(r"[ \t]{3,}", "  ", subject), re.sub(r"[ \t]{3,}", "  ", re.sub(r"\n\s*\n", "\n\n", body)), found

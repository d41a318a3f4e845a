"""The gate that every draft passes before a person sees it as ready, and every edit as a warning (R45-R49)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prompts import grounding, shape
from prompts.library import Library
from scoring.casework import Fact, Finding
from scoring.model import Account, Person

MOST_FINDINGS = 12
NO_QUESTION_OF_FORM = "R47"


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
    text = f"{subject}\n{body}"
    known = [*(fact.text for fact in facts), *(fact.value for fact in facts), wording]
    people = (contact.name, csm.name, account.name)
    plain = grounding.without_links(text, filter(None, links := tuple(links)))
    found = [
        *grounding.findings(text, known, people=people, links=links, vocabulary=library.vocabulary),
        *library.phrases.findings(plain, names=features, facts="\n".join(known)),
        *shape.findings(subject, grounding.without_links(body, filter(None, links)), library.vocabulary),
    ]
    return tuple(dict.fromkeys(found))[:MOST_FINDINGS]

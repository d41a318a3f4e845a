"""Phrases the mail for a case: by a language model inside the gate, or by the plain template (R45-R49).

Whatever goes wrong, a draft comes out: without a key, after the time limit, or when the gate objects twice, the plain
template stands in and the note says why. The model writes text and nothing else: greeting, signature and link are
placed here, recipient and sending are decided elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from openai.types.chat import ChatCompletionMessageParam

from prompts import links, prompt
from prompts.answers import Answer, Unusable
from prompts.checks import check
from prompts.facts import Material, gather
from prompts.frame import Frame
from prompts.library import Library
from prompts.model import Model
from prompts.template import Filled, Template
from scoring.casework import Fact, Finding
from scoring.messages import Written
from scoring.model import Account, Person
from scoring.opt_out import closed, without

TEMPLATE = "template"
NO_MODEL = "no language model is set up"
NOT_ENGLISH = "templates that are not in English are used as they stand"
LIMIT_REACHED = "the day's limit of {limit} drafts by the model was reached"
TOO_SLOW = "the model did not answer within {seconds:g} s"
SET_ASIDE = "the model's text was set aside: {why}"
REWRITTEN = "the model rewrote its text once, because {why}"
UNKNOWN_FACT = "it names a fact that was not given: {what}"
OWN_LINK = "“{what}” is a link, and links are placed by us alone"
DROPPED_FIRST = ("done", "next", "tip", "goal", "step", "feature", "link", "contact", "csm")


@dataclass(frozen=True, slots=True)
class _Job:
    """One draft to write: for whom, from what."""

    template: Template
    material: Material
    account: Account
    contact: Person
    csm: Person

    @property
    def link(self) -> str:
        return self.material.values.get("link", "")


class DraftWriter:
    """The loop's `Writer`. Keyword arguments come from the settings of the same names; close it at the end."""

    def __init__(
        self,
        library: Library,
        *,
        api_key: str,
        base_url: str = "",
        model: str,
        links: Mapping[str, str],
        product_name: str,
        budget_seconds: float = 20.0,
        parallel: int = 4,
        drafts_per_day: int | None = None,
        opt_out: str = "",
    ) -> None:
        self._library = library
        self._model = Model(api_key=api_key, base_url=base_url, name=model) if api_key.strip() else None
        self._links = dict(links)
        self._product = product_name
        self._budget = budget_seconds
        self._places = asyncio.Semaphore(parallel)
        self._limit = drafts_per_day
        self._opt_out = opt_out
        self._written: tuple[date | None, int] = (None, 0)

    async def write(
        self,
        *,
        play: str,
        account: Account,
        contact: Person,
        csm: Person,
        facts: Sequence[Fact],
        now: datetime,
    ) -> Written:
        """A draft for one person; never raises. `note` says why a template stands in, or why the text was rewritten."""
        written = await self._written_for(self._job(play, account, contact, csm, facts), now.date())
        return replace(written, body=closed(written.body, self._opt_out))

    async def _written_for(self, job: _Job, day: date) -> Written:
        why = self._no_model(job.template, day)
        if why or self._model is None:
            return self._plain(job, why or NO_MODEL)
        try:
            async with self._places, asyncio.timeout(self._budget):
                return await self._by_model(self._model, job)
        except TimeoutError:
            return self._plain(job, TOO_SLOW.format(seconds=self._budget))
        except Unusable as problem:
            return self._plain(job, problem.why)

    def check(
        self,
        subject: str,
        body: str,
        *,
        facts: Sequence[Fact],
        account: Account,
        contact: Person,
        csm: Person,
    ) -> tuple[tuple[str, str], ...]:
        """What the gate says of a person's edit, as (rule, text) pairs: warnings, not a block (R49)."""
        job = self._job("", account, contact, csm, facts)
        found = self._findings(job, subject, without(body, self._opt_out), wording=self._library.wording)
        return tuple((finding.rule, finding.text) for finding in found)

    async def close(self) -> None:
        """Let go of the connections to the model."""
        if self._model is not None:
            await self._model.close()

    def _job(self, play: str, account: Account, contact: Person, csm: Person, facts: Sequence[Fact]) -> _Job:
        material = gather(
            self._library,
            facts,
            account=account,
            contact=contact,
            csm=csm,
            product=self._product,
            links=self._links,
            play=play,
        )
        return _Job(self._library.template(play), material, account, contact, csm)

    def _no_model(self, template: Template, day: date) -> str:
        if self._model is None:
            return NO_MODEL
        if template.language != "en":
            return NOT_ENGLISH
        counted_on, count = self._written
        count = count if counted_on == day else 0
        if self._limit is not None and count >= self._limit:
            return LIMIT_REACHED.format(limit=self._limit)
        self._written = (day, count + 1)
        return ""

    async def _by_model(self, model: Model, job: _Job) -> Written:
        plain = self._filled(job)
        frame = Frame.of(plain.body, job.link)
        messages = prompt.messages(self._library.common, job.template, job.material, frame.middle)
        answer, faults = await _attempt(model, messages)
        if answer is not None:
            faults = self._faults(job, frame, answer)
            if not faults:
                return self._finished(job, frame, answer, model.name, "")
        repaired = await model.ask([*messages, *prompt.repair(answer, faults)])
        left = self._faults(job, frame, repaired)
        if left:
            raise Unusable(SET_ASIDE.format(why=left[0]), again=False)
        return self._finished(job, frame, repaired, model.name, REWRITTEN.format(why=faults[0]))

    def _faults(self, job: _Job, frame: Frame, answer: Answer) -> list[str]:
        """Why this answer may not become a draft; the model is told, and the card says the first."""
        unknown = sorted(set(answer.facts_used) - job.material.ids)
        own = links.found(f"{answer.subject}\n{answer.body}")
        faults = [OWN_LINK.format(what=what[:80]) for what in own]
        faults += [finding.text for finding in self._findings(job, answer.subject, frame.around(answer.body))]
        faults += [UNKNOWN_FACT.format(what=", ".join(unknown)[:60])] if unknown else []
        return list(dict.fromkeys(faults))

    def _finished(self, job: _Job, frame: Frame, answer: Answer, origin: str, note: str) -> Written:
        return Written(
            subject=answer.subject,
            body=frame.around(answer.body),
            origin=origin,
            prompt_version=job.template.prompt_version,
            note=note,
            fact_ids=tuple(dict.fromkeys(answer.facts_used)),
        )

    def _plain(self, job: _Job, note: str) -> Written:
        filled = self._filled(job)
        placed = {"tip": "tip", "goal": "goal", "feature": "feature.last", "step": "step.stuck"}
        placed |= {"done": "milestone.last", "next": "milestone.next", "contact": "contact.first_name"}
        used = tuple(sorted(placed[name] for name in filled.used if name in placed))
        return Written(filled.subject, filled.body, TEMPLATE, job.template.prompt_version, note, used)

    def _filled(self, job: _Job) -> Filled:
        """The template with as many values as keep it clean and within its length; a value that would spoil it goes."""
        values = dict(job.material.values)
        for name in (*DROPPED_FIRST, ""):
            filled = job.template.fill(values)
            found = self._findings(job, filled.subject, filled.body, wording=job.template.wording)
            if not found or not name or job.template.language != "en":
                break
            values.pop(name, None)
        return filled

    def _findings(self, job: _Job, subject: str, body: str, *, wording: str = "") -> tuple[Finding, ...]:
        return check(
            subject,
            body,
            library=self._library,
            facts=job.material.facts,
            account=job.account,
            contact=job.contact,
            csm=job.csm,
            links=tuple(self._links.values()),
            features=job.material.features,
            wording=wording or job.template.wording,
        )


async def _attempt(model: Model, messages: Sequence[ChatCompletionMessageParam]) -> tuple[Answer | None, list[str]]:
    """The first answer; where it cannot be read but asking again may help, none and the reason."""
    try:
        return await model.ask(messages), []
    except Unusable as problem:
        if not problem.again:
            raise
        return None, [problem.why]

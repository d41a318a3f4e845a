"""What is done about each account today, and why: open, update, close, hold, a digest line, or nothing (R31-R39).

Everything is a value: the accounts' matters and the room that is left come in, moves with their reasons go out, exactly
one for each account that had a trigger or whose case changes. `bot/loop/alert.py` carries them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scoring import wording
from scoring.casework import CASE_MOVES, Case, CaseState, Decision, TriggerKind
from scoring.config import PolicyConfig
from scoring.lifetime import CHURNED, RECOVERED, ending, quiet_until
from scoring.matter import Act, Matter, Move, Today
from scoring.model import Band
from scoring.playbook import Action, Playbook
from scoring.sight import seen_now
from scoring.storm import MASS, mass
from scoring.wording import worst

OPENED = "{fact} Severity {severity}: a card."
ASKED = "Somebody asked for a card."
WORSE = "{fact} The open case got worse: {before} before, {after} now."
JOINED = "{fact} It joined the open case."
RECOVERED_TEXT = "Nothing holds on two days in a row and health is {score}: recovered."
NOT_RECOVERED_TEXT = "No new trigger for {days} days: closed as not recovered."
STARTING = "{fact} On the starting list: the first run opens no cards."
LOST = "The account has churned."
GONE = "{fact} The account has churned already."
UNSEEN = "Too few signals can be read today; it is looked at again tomorrow."
OVER = "It no longer holds."
LINE = "{fact} A line in the digest."
LINE_OPEN = "{fact} A line in the digest; there is an open case."
MODERATE = "{fact} Moderate alone: no card."
MONTHLY = "{fact} Severity {severity}: on the monthly list."
MAIL = "{fact} Severity {severity} on a standard account: no card; an automatic mail where that is switched on."
QUIET = "{fact} Quiet until {until}: the last case was opened on {opened}."
SPENT = "{fact} The alert budget of these 30 days is used up."
FULL = "{fact} {limit} new cards for one person today are enough; next in line tomorrow."


def decide(matters: Sequence[Matter], today: Today, *, config: PolicyConfig, playbook: Playbook) -> tuple[Move, ...]:
    """One move for each account that had a trigger or whose case changes; new cards last, the riskiest first."""
    desk = _Desk(replace(today, held=holds(matters, today, config)), config, playbook)
    moves = [move for matter in matters if (move := desk.move(matter)) is not None]
    opening = sorted((move for move in moves if move.act is Act.OPEN), key=_risk)
    settled = [move for move in moves if move.act is not Act.OPEN]
    return (*settled, *desk.ration(opening))


def holds(matters: Sequence[Matter], today: Today, config: PolicyConfig) -> str:
    """Why everything is held today, in a sentence; empty when nothing is (R35)."""
    moved = sum(matter.moved(config) for matter in matters)
    if today.held or today.released or today.first_run or not mass(moved, today.total, config):
        return today.held
    share = round(config.storm_share * 100)
    return MASS.format(moved=moved, total=today.total, share=share, limit=config.storm_accounts)


def _risk(move: Move) -> tuple[bool, float, int, str]:
    """Fallen into Churning first, then the lowest health, then the most money (R38)."""
    account = move.matter.account
    return not move.matter.churning, move.matter.snapshot.health.score, -(account.arr or 0), account.id


@dataclass(frozen=True, slots=True)
class _Desk:
    """The ladder of questions that each account climbs; the first that answers decides."""

    today: Today
    config: PolicyConfig
    playbook: Playbook

    def move(self, matter: Matter) -> Move | None:
        """The answer for one account, before the budget is looked at; None where there is nothing to say."""
        if not matter.fired and not matter.carried and matter.live is None:
            return None
        return self._live(matter, matter.live) if matter.live else self._new(matter)

    def _live(self, matter: Matter, case: Case) -> Move | None:
        """An open case is held, joined or ended; else nothing is said (R33, R36)."""
        if matter.account.churned_on is not None:
            end = CHURNED if CaseState.CLOSED in CASE_MOVES[case.state] else ""
            return replace(self._say(matter, Act.CLOSE, LOST, "R36"), ending=end) if end else None
        if not seen_now(matter.snapshot, self.config):
            return None
        now = matter.severity(self.config)
        worse = now.rank > case.severity.rank
        if matter.alerts or worse:
            return self._join(matter, case, worse=worse)
        if self.today.held:
            return self._say(matter, Act.HOLD, self.today.held, "R35") if matter.fired else None
        score = matter.snapshot.health.score
        end = ending(case, day=self.today.day, score=score, calm=matter.calm, config=self.config)
        if end:
            text = RECOVERED_TEXT if end == RECOVERED else NOT_RECOVERED_TEXT
            said = text.format(score=wording.score(score), days=self.config.close_after_days)
            return replace(self._say(matter, Act.CLOSE, said, "R36"), ending=end)
        return self._say(matter, Act.WATCH, LINE_OPEN.format(fact=matter.fact), "R33") if matter.fired else None

    def _join(self, matter: Matter, case: Case, *, worse: bool) -> Move:
        if self.today.held:
            return self._say(matter, Act.HOLD, self.today.held, "R35")
        now = matter.severity(self.config)
        text = WORSE if worse else JOINED
        said = text.format(fact=matter.fact, before=case.severity, after=now)
        return replace(self._say(matter, Act.UPDATE, said, "R33"), worse=worse)

    def _new(self, matter: Matter) -> Move:
        """The ladder for an account without an open case; each rung has its rule."""
        if matter.asked:
            return self._say(matter, Act.OPEN, ASKED, "R39")
        barred = self._barred(matter)
        if barred:
            return barred
        if not matter.alerts:
            return self._lines_only(matter, matter.fact)
        return self._by_playbook(matter, matter.fact)

    def _barred(self, matter: Matter) -> Move | None:
        """What keeps every account from a card today, whatever fired."""
        fact = matter.fact
        if matter.account.churned_on is not None:
            return self._say(matter, Act.NONE, GONE.format(fact=fact), "R36")
        if not seen_now(matter.snapshot, self.config):
            return self._say(matter, Act.HOLD, UNSEEN, "R8")
        if matter.carried and not matter.alerts and not matter.fired:
            return self._say(matter, Act.NONE, OVER, "R31")
        if self.today.held:
            return self._say(matter, Act.HOLD, self.today.held, "R35")
        if self.today.first_run:
            return self._say(matter, Act.LIST, STARTING.format(fact=fact), "R34")
        return None

    def _lines_only(self, matter: Matter, fact: str) -> Move:
        """Only lines fired: the digest shows them; moderate falling use says why it gets no card (R39)."""
        moderate = any(trigger.kind is TriggerKind.USAGE_DROP for trigger in matter.fired)
        now = worst(matter.severity(self.config), *(trigger.floor for trigger in matter.fired))
        if moderate and self._action(matter, now) is Action.AUTO_MAIL:
            return self._say(matter, Act.MAIL, MAIL.format(fact=fact, severity=now), "R40")
        if moderate:
            return self._say(matter, Act.WATCH, MODERATE.format(fact=fact), "R39")
        return self._say(matter, Act.WATCH, LINE.format(fact=fact), matter.fired[0].rule)

    def _by_playbook(self, matter: Matter, fact: str) -> Move:
        """The playbook's row, then the quiet period; what is left would be a card (R39, R40)."""
        now = matter.severity(self.config)
        action = self._action(matter, now)
        if action is Action.MONTHLY_LIST:
            return self._say(matter, Act.DIGEST, MONTHLY.format(fact=fact, severity=now), "R40")
        if action is Action.AUTO_MAIL:
            return self._say(matter, Act.MAIL, MAIL.format(fact=fact, severity=now), "R40")
        until = quiet_until(matter.last, self.today.day, self.config)
        if until and matter.last and not matter.came_back and not matter.churning:
            opened = wording.day(matter.last.opened_at.date())
            return self._say(
                matter, Act.DIGEST, QUIET.format(fact=fact, until=wording.day(until), opened=opened), "R39"
            )
        return self._say(matter, Act.OPEN, OPENED.format(fact=fact, severity=now), "R40")

    def ration(self, opening: Sequence[Move]) -> list[Move]:
        """From the riskiest down: what still fits the budget and the owner's day is opened (R37, R38)."""
        left, pace, done = self.today.budget, self.today.pace, []
        for move in opening:
            forced = move.matter.churning or move.matter.asked
            if left is not None and left <= 0 and not forced:
                done.append(self._instead(move, SPENT, "R38"))
            elif pace.csm_is_full(move.matter.account.csm_id, move.severity, self.config) and not forced:
                done.append(self._instead(move, FULL, "R37"))
            else:
                left = left if left is None else left - 1
                pace = pace.with_card(csm_id=move.matter.account.csm_id)
                done.append(move)
        return done

    def _instead(self, move: Move, text: str, rule: str) -> Move:
        said = text.format(fact=move.matter.fact, limit=self.config.cards_per_csm_day)
        return self._say(move.matter, Act.DIGEST, said, rule)

    def _action(self, matter: Matter, now: Band) -> Action:
        flagged = any(trigger.high_priority for trigger in matter.listed)
        return self.playbook.row(now, high_priority=flagged).action(valued=matter.valued)

    def _say(self, matter: Matter, act: Act, reason: str, rule: str) -> Move:
        now = matter.severity(self.config)
        case_id = matter.live.id if matter.live else None
        decision = Decision(matter.account.id, self.today.day, act.value, reason.strip(), rule, case_id)
        return Move(matter, decision, now, self._action(matter, now), self.playbook.play(now, matter.listed))

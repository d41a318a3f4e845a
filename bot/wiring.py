"""Makes each stage of the loop from the settings and the parts; `bot/app.py` puts them to work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from functools import cached_property

from bot.clock import watched
from bot.config import Settings
from bot.crm_parts import CrmParts
from bot.desk import Desk
from bot.inbound.inboxes import Inboxes, ears_of
from bot.inbound.watch import Watch
from bot.intake.drain import Drain
from bot.leader import Leader, LedStore
from bot.loop.alert import Alert
from bot.loop.asked import OnRequest
from bot.loop.briefing import card_brief
from bot.loop.by_itself import ByItself
from bot.loop.decisions import Decisions
from bot.loop.deliver import Deliver
from bot.loop.detect import Detect
from bot.loop.digest import Digest
from bot.loop.docket import Docket
from bot.loop.drafting import Drafting
from bot.loop.modes import AutopilotParts
from bot.loop.old_texts import OldTexts
from bot.loop.one_by_one import OneByOne
from bot.loop.ports import Clock, Mailer, Notifier, UsageScores, Writer
from bot.loop.pulse import Pulse
from bot.loop.records import UnitOfWork
from bot.loop.reminders import Reminders
from bot.loop.returns import Returns
from bot.loop.rights import Rights
from bot.loop.roll_call import RollCall
from bot.loop.rota import ByStatus
from bot.loop.score import Score
from bot.loop.second_look import MailRules
from bot.loop.send import Send
from bot.loop.stand_in import StandIn
from bot.outreach.high_water import HighWaterFile
from bot.outreach.mailboxes import Mailboxes
from bot.outreach.none import MAIL_IS_OFF
from bot.schedule import Daily, Schedule, Sweep
from bot.scoring_run.old_usage import OldUsage
from bot.trouble import Trouble
from prompts.library import Library
from scoring.briefs import CardBrief
from scoring.guardrails import Rules
from scoring.hours import WorkingHours
from scoring.routing import Routing
from storage.unit_of_work import SqlStore
from storage.usage.local import UsageStore


@dataclass(frozen=True)
class Parts:
    """What the stages are made from; each method makes one stage or the rules that it keeps to.

    What people ask and decide uses `store`; what happens by itself uses `led`, which stops when another copy leads.
    """

    settings: Settings
    clock: Clock
    store: SqlStore
    library: Library
    notifier: Notifier
    writer: Writer
    mailer: Mailer
    scores: UsageScores
    usage: UsageStore
    held: UsageStore
    crm: CrmParts | None = None

    @cached_property
    def lead(self) -> Leader:
        """Our place among the copies on this database."""
        folder = self.usage.name() if self.settings.own_usage else ""
        return Leader(self.store, self.clock, may_lead=self.settings.leads, folder=folder, watch=watched(self.clock))

    @cached_property
    def schedule(self) -> Schedule:
        """What wakes the sweeps; it has none yet."""
        return Schedule(self.lead, ())

    @cached_property
    def drain(self) -> Drain:
        """What brings accepted events to the usage store."""
        return Drain(self.led, self.usage, self.clock, zone=self.settings.zone)

    @cached_property
    def led(self) -> LedStore:
        """The store of the sweeps."""
        return LedStore(self.store, self.lead)

    @cached_property
    def one_by_one(self) -> OneByOne:
        """What keeps one item that a sweep trips over from stopping the others."""
        return OneByOne(Trouble(self.led, self.clock, self.settings.ops_channel).told)

    @cached_property
    def routing(self) -> Routing:
        """Who gets which card, from the settings."""
        settings = self.settings
        return Routing.from_settings(settings.alert_channel, settings.routes, lead_email=settings.lead_email)

    @cached_property
    def docket(self) -> Docket:
        """What opening a case needs."""
        hours, settings = self.rules.guard.hours, self.settings
        return Docket(self.routing, self.library.playbook, settings.policy, settings.zone, hours=hours)

    @cached_property
    def drafting(self) -> Drafting:
        """What writing missing drafts needs."""
        return Drafting(self.led, self.writer, self.routing, self.clock, one_by_one=self.one_by_one)

    @cached_property
    def rules(self) -> MailRules:
        """What every mail keeps to; says why none can leave while mail is not set up."""
        settings = self.settings
        hours = WorkingHours(time.fromisoformat(settings.work_start), time.fromisoformat(settings.work_end))
        guard = Rules(settings.zone, hours, own_domains=frozenset(settings.mail_domains), policy=settings.policy)
        off = "" if settings.can_mail else MAIL_IS_OFF
        relay, second = settings.has_relay, settings.second_person_above
        opt_out, ears = settings.opt_out_line, ears_of(settings)
        return MailRules(guard, settings.mail_domains, off, relay, opt_out, second, ears)

    @cached_property
    def rights(self) -> Rights:
        """Who may do what, as the settings name people."""
        return Rights(self.settings.staff, self.settings.lead_email)

    @cached_property
    def alert(self) -> Alert:
        """Cases and cards, and what a person answers to a storm."""
        channel = self.settings.digest_channel
        wake, apart = self.schedule.wake, self.one_by_one
        return Alert(self.led, self.scores, self.docket, self.drafting, self.clock, wake, channel, apart)

    @cached_property
    def returns(self) -> Returns:
        """What takes in what came back for mails."""
        settings, ours = self.settings, frozenset(self.settings.mail_domains)
        return Returns(self.led, self.clock, settings.zone, ours, settings.ops_channel, self.schedule.wake)

    @cached_property
    def watch(self) -> Watch:
        """What reads mailboxes."""
        inboxes, heard = Inboxes(self.settings, self.store, self.returns), self.rules.ears.note
        return Watch(inboxes, self.returns, self.lead, self.clock, heard=heard, one_by_one=self.one_by_one)

    @cached_property
    def by_itself(self) -> ByItself:
        """Live plays, plays in shadow, follow-ups."""
        return ByItself(
            store=self.led,
            writer=self.writer,
            playbook=self.library.playbook,
            routing=self.routing,
            rules=self.rules,
            clock=self.clock,
            wake=self.schedule.wake,
            digest_at=time.fromisoformat(self.settings.digest_time),
            ops_channel=self.settings.ops_channel,
            one_by_one=self.one_by_one,
        )

    def desk(self) -> Desk:
        """What Slack's handlers talk to."""

        async def brief(work: UnitOfWork, case_id: str) -> CardBrief | None:
            return await card_brief(work, case_id, self.clock())

        wake = self.schedule.wake
        alone = AutopilotParts(self.library.playbook, self.settings.ops_channel)
        decisions = Decisions(self.store, self.clock, wake, self.writer, brief, self.rules, self.rights, alone)
        return Desk(decisions, OnRequest(self.store, self.docket, self.clock, wake, self.rights))

    def daily(self) -> Daily:
        """Score, detect, alert."""
        settings = self.settings
        return Daily(
            store=self.led,
            clock=self.clock,
            zone=settings.zone,
            hour=settings.score_hour,
            drain=self.drain.run,
            dirty=self.scores.dirty,
            score=Score(self.led, self.scores),
            then=(
                Detect(self.led, settings.policy, self.one_by_one),
                self.alert,
                self.by_itself.automatic,
                self.by_itself.shadow,
            ),
        )

    def send(self) -> Send:
        """Claim, send, record."""
        return Send(
            self.store,
            self.mailer,
            clock=self.clock,
            rules=self.rules,
            ops_channel=self.settings.ops_channel,
            lead=self.lead,
            water=HighWaterFile(self.settings.home / "newest_mail"),
            copies=self.mailer if isinstance(self.mailer, Mailboxes) else None,
            one_by_one=self.one_by_one,
        )

    def roll_call(self) -> RollCall:
        """CSMs in Slack: who is there, who is not any more, who is away."""
        by_status = ByStatus(self.routing, self.settings.stand_ins) if self.settings.cover_by_status else None
        return RollCall(self.led, self.notifier, self.clock, by_status, self.routing, self.one_by_one)

    def sweeps(self, daily: Daily, send: Send) -> tuple[Sweep, ...]:
        """Everything that happens again and again, and how often (seconds)."""
        settings = self.settings
        at = time.fromisoformat(settings.digest_time)
        wake, apart = self.schedule.wake, self.one_by_one
        digest = Digest(self.led, self.clock, at, settings.zone, settings.digest_channel, apart)
        deliver = Deliver(self.led, self.notifier, digest.brief, self.clock, settings.ops_channel, apart)
        reminders = Reminders(self.led, self.docket, self.clock, wake, self.rules.guard.hours, apart)
        stand_in = StandIn(self.led, self.clock, wake, self.rules.opt_out, apart)
        return (
            Sweep("drain", 5, self.drain.run),
            Sweep("daily", 60, daily.run),
            Sweep("fresh", 300, daily.refresh),
            Sweep("storm", 5, self.alert.after_storm),
            Sweep("drafts", 15, self.drafting.write_missing_drafts),
            Sweep("reminders", 30, reminders.run),
            Sweep("follow-ups", 5, self.by_itself.follow.run),
            Sweep("shadow", 60, self.by_itself.shadow.settle),
            Sweep("roll call", 600, self.roll_call().run),
            Sweep("cover", 30, stand_in.run),
            Sweep("send", 1, send.run),
            Sweep("replies", 2, self.watch.run),
            Sweep("digest", 60, digest.run),
            Sweep("deliver", 1, deliver.run),
            Sweep("pulse", 60, Pulse(self.led, self.notifier, self.clock).run),
            Sweep("tidy", 3600, self.drain.tidy),
            Sweep("old texts", 3600, OldTexts(self.led, self.clock, settings.keep_text_days).run),
            Sweep("old usage", 3600, OldUsage(self.held, self.clock, settings.zone, settings.keep_days).run),
            *(self.crm.sweeps(self.led, self.clock, apart) if self.crm else ()),
        )

"""More good drafts, about planning shifts, written after the gate was built: what it had never been tuned on.

Measured once before anything was changed for it: 1 in 14 was blocked, besides 3 that did say a number or a weekday of
their own (those words are replaced here).
"""

from __future__ import annotations

SHIFTS = (
    (
        "Planning shifts with less back and forth",
        """Planning shifts is one of those jobs where a little structure goes a long way, and the shift planner gives you a
good place for it.

Copy last week's plan and change only what differs. You keep everything your people are used to, you see the
exceptions straight away, and the conversation with your staff becomes about the exceptions instead of the whole
rota. It also makes it easier for a deputy to take over when you're on holiday.

Which part of the plan changes most between weeks?""",
    ),
    (
        "Connecting payroll, step by step",
        """The step that would save you the most manual work from here is connecting payroll, so I thought a short outline
might be helpful.

Begin with a single team whose hours rarely change. Run both ways side by side for one pay period, compare the
totals, and only then add the next team. This keeps the risk low, and any question that comes up can be answered
with a real example. Once it's in place, nobody needs to type hours a second time.

Shall we choose that first team together?""",
    ),
    (
        "A calmer morning for your shift planners",
        """Mornings can be noisy when everyone wants to know who's working where. A plan people can look up themselves
takes a lot of that pressure away.

In the shift planner, try publishing a rough version earlier and marking the open spots clearly. Staff can
volunteer for what suits them, you fill the remaining gaps, and the final plan hardly surprises anyone. It asks
for a bit of trust at the beginning, but it usually returns that trust many times over.

How far ahead do you publish your plans today?""",
    ),
    (
        "One small change to the shift planner",
        """I'd like to suggest one small change to how the shift planner is used at Fernwood Clinics: give every recurring
shift a name that says what it's for, rather than when it starts.

Names such as early reception or ward support make sense to new colleagues immediately, and they stay correct
even if the times move. Reports become readable too, because you can see at a glance which kind of work takes up
the most hours. Renaming them is quick, and you can do it as you go.

Would that work for your clinics?""",
    ),
    (
        "Preparing for the busy season",
        """Busy seasons are easier when the groundwork is done beforehand. Here's what I would prepare in the shift planner
while things are calm.

Build a template week that reflects how you'd like to run at full capacity, including who covers for whom. Keep
it on the side. When demand picks up, you start from that week and adapt it, rather than inventing a solution
under stress. Your team leads will appreciate having seen it in advance, and they can point out weak spots while
there's still time.

Who should have a say in that template week?""",
    ),
    (
        "Helping your team leads plan on their own",
        """You don't have to approve every shift yourself. With 40 seats, there's room for each team lead to plan their own
people and for you to keep the overview.

What makes this work is a clear agreement: what may team leads decide alone, and what should they discuss with
you first. Write it down in a few sentences and put it where they plan. After a couple of weeks you'll see which
decisions really need you, and the others will take care of themselves.

Would you like an example of such an agreement?""",
    ),
    (
        "Less typing with payroll connected",
        """Every number that's typed again is a chance for a mistake, and payroll is where mistakes hurt the most. That's
why connecting payroll tends to be such a relief for the people involved.

You can prepare it without touching anything live: make a list of the pay types you use, note where each of them
comes from, and check it with whoever runs payroll at the end of the month. With that list in hand, the actual
connection is straightforward, and you avoid surprises.

Do you already know who would own that list?""",
    ),
    (
        "Making exceptions visible",
        """A good plan isn't one without exceptions; it's one where you can see them. That idea might be useful for the way
you work with the shift planner.

When you copy last week's plan, add a brief comment wherever you deviate from it. A few words are enough:
training, doctor's appointment, swapped by request. Over time those comments reveal patterns, and you can adjust
the base plan accordingly. It's a light habit that makes each following week a bit easier to put together.

Is there a kind of exception that keeps coming up?""",
    ),
    (
        "A fresh look at your base plan",
        """Plans grow over time, and every now and then it's worth asking whether they still match reality.

Sit down with someone who works the shifts and walk through the base plan line by line. Ask what they'd change
if it were up to them. You will probably hear small things: a handover that's too short, a break that always
moves. Fix those in the shift planner right away, because quick, visible improvements encourage people to share
more of them.

Who would you invite to that conversation?""",
    ),
    (
        "Getting started with payroll",
        """The best time to connect payroll is when your plan has been stable for a while, since stable hours are easy to
verify.

A sensible first move is to compare a single month: what the shift planner says on one side, what was paid on
the other. If both agree, you can connect with confidence. If they don't, the differences will tell you exactly
which rules need attention, and you'll have sorted them out before anyone's pay is affected.

Would you be up for doing that comparison together?""",
    ),
    (
        "Sharing plans people understand",
        """People rarely complain about the plan itself; they complain about finding out too late. So the most valuable
improvement is often to share earlier and in simpler form.

Try showing each person only what concerns them: their own shifts, who they work with, and whom to contact for a
swap. The shift planner holds all of this already. Fewer details mean fewer misunderstandings, and your phone
stays a good deal quieter when the plan goes out.

What do your colleagues ask about most once a plan is out?""",
    ),
    (
        "A tip for quieter handovers",
        """Handovers are where information gets lost, especially between shifts that barely overlap. You can make them
smoother with something very simple.

Reserve the final minutes of each shift for a short note in the shift planner: what's open, what's urgent, what
can wait. The next person reads it before they start, and nobody has to remember everything. If the notes follow
the same order every day, reading them becomes second nature before long.

Would your teams be open to trying this on one ward?""",
    ),
    (
        "Where to begin with the shift planner",
        """If I had to name a single habit that makes the shift planner pay off, it would be this: plan from the hardest
shift to the easiest.

Fill the shifts that need a specific skill or a specific person first, while you still have all the options. The
flexible ones almost fill themselves afterwards. It turns planning from a puzzle into a sequence, and it makes
explaining your decisions to the team a lot more comfortable, because the reasons are obvious.

Which shift gives you the most headaches?""",
    ),
    (
        "Your idea box for better plans",
        """Good ideas for better plans usually come from the people who work them, they just need somewhere to go.

Set aside a line in the shift planner for suggestions, and look at it whenever you copy last week's plan. Pick
one suggestion each time, try it, and tell the person who made it how it went. Even when an idea doesn't work
out, being heard makes a difference, and you'll build a plan that people feel is their own.

Shall I share a simple way to set this up?""",
    ),
)

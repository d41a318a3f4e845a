"""More good drafts, about a shorter close and about campaigns, written after the gate was built: what it had never been tuned on.

Each set was measured once before anything was changed for it: of the first 1 in 12 was blocked, of the second 5 in
12. Since then the lists name more of what must stand around a word before it counts.
"""

from __future__ import annotations

CLOSE = (
    (
        "An idea for your close",
        """I was thinking about your plan to get the month-end close down to 3 days and wanted to share something that
might help.

Right now, the report builder is probably where most of your figures come together, so it makes sense to start
there. If you group the figures by the person who delivers them, it becomes obvious who has to do what, and
small gaps show up long before the last evening of the month. You can begin with a single group and extend it
bit by bit.

Would it be useful to sketch this out together?""",
    ),
    (
        "Helping your team close faster",
        """Closing the books in three days is mostly about rhythm. When everyone knows which figure is theirs and when it's
needed, the rest falls into place.

The report builder can give you that rhythm. Set up one overview that mirrors your closing steps in order, and
open it in your daily stand-up while the close is running. A few minutes are enough to spot what's blocking you,
and it keeps the whole group on the same page without extra emails.

Shall we build the first version together?""",
    ),
    (
        "Your first shared report",
        """You're one step away from having your first shared report in place, and it's a rewarding one because others
benefit from it immediately.

To keep it manageable, start with a report that you would otherwise have to send by email. Strip it down to the
essentials, add a short explanation at the top, and invite the people who normally receive it. They'll be able
to check the latest figures whenever they want, which means fewer requests landing on your desk.

What would be the most natural report to begin with?""",
    ),
    (
        "Making month end predictable",
        """It's great that onboarding is behind you. The next thing I'd focus on is making the month-end close predictable,
because predictability is what ultimately gets you to 3 days.

A technique I like: at the end of each close, jot down the one thing that took longer than it should have. Then
use the report builder to make precisely that thing visible earlier next time. After a few rounds the list gets
remarkably short, and the improvements stick since they came from your own experience.

Which part took the longest in your most recent close?""",
    ),
    (
        "A quick win for the report builder",
        """Here's a quick win you can try this week. Open the report builder, duplicate the report you rely on most, and
remove everything that isn't needed for the month-end close. What remains is a focused view that your colleagues
can understand at a glance.

People tend to trust a lean report more, because they can verify it themselves. And because it's quick to read,
it actually gets read, even during the busiest days. That's a small but real contribution to closing in 3 days.

Would you like me to walk you through it?""",
    ),
    (
        "Reports that answer questions",
        """Every report is really an answer to a question somebody asked. Making that question explicit is one of the
simplest ways to improve how a team works with figures.

For your month-end close, you could go through the reports in the report builder and give each of them a title
in the form of a question. If you can't think of one, the report probably isn't needed any more. The ones that
survive will be clearer, easier to hand over, and simpler to maintain as Acme Robotics grows.

How do you decide today which reports are part of the close?""",
    ),
    (
        "Sharing the load at month end",
        """A 3-day close is hard to achieve when everything depends on a single person. Sharing the load doesn't have to be
complicated, though.

Start by choosing one report in the report builder and asking a colleague to take care of it for the next close.
Show them what you look for, let them do it while you are around, and step in only if they ask. By doing this
once a month, knowledge spreads naturally and you gain some room for the questions that need your judgement.

Who would be a good candidate for the first one?""",
    ),
    (
        "An easier way to prepare the close",
        """Thanks for being so clear about what you want to achieve: the month-end close in 3 days instead of a long
stretch of late evenings.

What I would recommend is preparing the close in the report builder while the month is still running. Create the
report early, fill it with preliminary figures, and replace them as the final ones come in. That way, the
structure is settled in advance, discrepancies surface sooner, and your team can concentrate on the handful of
entries that genuinely need attention.

Does that sound feasible with your current process?""",
    ),
    (
        "Getting more out of your reports",
        """I'd love to see your team get more out of the reports you already have, especially with the month-end close in
mind.

One approach that has proven itself is to review them together with the people who use them: what do they look
at first, what do they ignore, and what do they still calculate by hand. The answers usually point directly at
the next improvement. In the report builder these adjustments are quick to make, so you can often finish them
during the conversation itself.

Shall I suggest an agenda for such a session?""",
    ),
    (
        "Small steps to a faster close",
        """Big goals are reached in small steps, and cutting the close to 3 days is no exception.

Pick the step that annoys you most, for instance collecting figures from several colleagues. Put a shared report
in their hands, ask them to keep their own line up to date, and agree on a fixed hour when you look at it
together. You'll spend less time chasing and more time understanding the numbers, which is far more satisfying
for everyone involved.

Which step annoys you the most?""",
    ),
    (
        "Your close, seen from the end",
        """Imagine the last day of your close: everything is reconciled, the figures are signed off, and nobody is waiting
for anyone. What would have to be true the day before?

Working backwards like this is a surprisingly effective way to plan. Write the answer into the title of a
report, and let the report builder show whether you're there yet. It keeps the team focused on the outcome
rather than on individual tasks, and it makes progress towards the 3-day goal tangible.""",
    ),
    (
        "A tip for Dana",
        """Your work on the month-end close deserves tools that get out of the way. Here's how I'd use the report builder
to that end.

Keep a single report open during the close and treat it as your cockpit. Add a line whenever something needs to
be clarified, remove it as soon as it's resolved, and share the report with those who contribute. There's no
need to make it pretty. By the end you'll have a precise record of what happened, and that record is the best
starting point for improving the next round.

Shall we set up the first version on a call?""",
    ),
)

CAMPAIGNS = (
    (
        "Four campaigns per quarter, without the rush",
        """Sending 4 campaigns per quarter is very doable when each one doesn't have to start from a blank page.

Next time you open the campaign editor, save the structure of your best campaign before you touch the wording.
Headline, opening, one clear message, one button: if that skeleton is ready, the remaining work is choosing the
story. You'll notice that discussions about layout disappear, and your colleagues can review the part that
really matters.

Would you like to pick that campaign together?""",
    ),
    (
        "Your next step: Audience setup",
        """You already have the First import behind you, so the next natural step is Audience setup. It's the piece that
decides whether a campaign reaches people who care about it.

I'd suggest keeping it simple. Think of a single group you know well, describe them in a sentence, and set up
that audience only. As soon as the first campaign has gone out, you will know much better which further groups
are worth the effort, and you avoid maintaining lists that nobody uses.

Can we look at it together some time this week?""",
    ),
    (
        "An idea for the campaign editor",
        """Here's something small that makes a noticeable difference in the campaign editor: write the last sentence first.

The last sentence is what you want the reader to do. Once it's on the page, every other line either leads there
or can be cut, and the text practically shortens itself. It also gives the people who approve your campaigns
something concrete to react to, which usually saves a round of corrections. Try it with whatever campaign is
next in line and see whether the draft comes together faster.

Which campaign is next on your list?""",
    ),
    (
        "Making room for the next campaign",
        """I know how easily campaigns slip when day-to-day work gets busy, so here's a way to protect your goal of 4
campaigns per quarter.

Block a recurring hour for the campaign editor and give each session one modest aim: outline, draft, review,
send. Because every session has an obvious beginning and end, it's easy to step in and out, and a colleague can
take over if something comes up. Steady progress beats a heroic final week every time.

What usually gets in the way at the moment?""",
    ),
    (
        "Getting colleagues involved in campaigns",
        """With 12 seats at Blue Harbor, you don't have to carry the campaigns alone.

One way to get colleagues involved is to split the work by strength rather than by campaign. Somebody enjoys
writing, somebody else has an eye for images, and another person knows exactly what customers ask about. Let
each of them contribute their part directly in the campaign editor, and keep the final say with you. It spreads
the knowledge, and the results are often better than anything a single author could produce.

Who would you ask first?""",
    ),
    (
        "From import to first audience",
        """Now that your contacts are in the system thanks to the First import, a bit of sorting will pay dividends.

Have a look at which details you actually plan to use in a campaign, say the city or the product someone bought,
and build your Audience setup around those alone. Everything else can wait until you need it. A lean setup is
easier to explain to colleagues, and you'll be quicker when a good occasion for a campaign comes along.

Should I send over a short outline for that?""",
    ),
    (
        "A lighter way to plan the quarter",
        """Planning the whole quarter at once can feel heavy, so consider planning just the themes.

Choose a theme for each of the 4 campaigns, write it on a card, and leave the details open. When the time comes,
you open the campaign editor with a direction instead of a question mark, and the writing flows more freely. If
a better idea turns up, swap the cards. Nothing is lost, and your plan stays alive rather than becoming another
document that nobody reads.

Which themes are on your mind already?""",
    ),
    (
        "Reusing what already works",
        """José, your best campaign is probably already written. It just hasn't been reused yet.

Take the one that people responded to most warmly, open it in the campaign editor, and change only the occasion.
Readers rarely remember wording, but they do remember usefulness, so a proven structure works again and again.
That leaves you with more time for the part that can't be reused: listening to your customers and picking up the
phrases they use themselves.

Is there a campaign you would like to start from?""",
    ),
    (
        "Clear approvals for your campaigns",
        """If there's one thing that slows campaigns down, it's unclear approvals. People aren't sure whether they're asked
for an opinion or a decision, and so everybody comments on everything.

You can prevent that by naming the decision at the top of the draft in the campaign editor: tone and facts only,
for example. Reviewers then know what's expected, comments become shorter, and you reach your 4 campaigns per
quarter with far fewer loops. It costs nothing and works from the very next draft.

How are approvals handled in your team today?""",
    ),
    (
        "Audience setup in small portions",
        """Let's make Audience setup feel less like a project. You could treat it as a series of tiny decisions: who should
hear from us, who shouldn't, and what do we know about them that's useful.

Write down the answers in everyday language first. Only then translate them into filters. People who do it the
other way round tend to end up with filters that are technically correct and practically meaningless. After an
audience has proven itself in a real campaign, keep it; if not, throw it away.

Shall we try it with your upcoming campaign?""",
    ),
    (
        "A note on timing",
        """Timing is underrated in campaigns, and it's one of the few things you can improve without writing a single extra
word.

Think about when your readers are most open to your topic: at the start of their week, right after a season
ends, or just before they have to make a decision of their own. Note that moment next to each idea, and schedule
the work in the campaign editor backwards from there. A good message at the right time needs far less polish.

When do your customers usually make their plans?""",
    ),
    (
        "What your readers ask you",
        """The best source for campaign ideas is sitting in your inbox: the questions customers ask you anyway.

Collect a few of them over the coming days, choose the one that comes up most, and answer it in a campaign. You
won't have to invent anything, readers will recognise themselves, and your support colleagues will thank you
because the same question arrives less frequently. In the campaign editor, start with the question as the
headline and keep your answer honest and short.

Which question did you hear most recently?""",
    ),
)

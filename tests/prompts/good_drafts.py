"""Good drafts, written as a language model writes them inside our rules: each must pass the gate as it stands.

A draft is an opener, a middle and an ask. `WRITTEN` pairs them by hand; `drafts()` also mixes them, so that every
sentence meets many neighbours. All speak only of the facts in `people.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

SUBJECTS = (
    "A shorter close with your report builder",
    "An idea for the report builder",
    "Your month-end close, one report at a time",
    "Getting the first shared report done",
    "Making the report builder work for your close",
    "A small step towards the 3 day close",
    "Sharing your reports with less effort",
    "The report your close depends on",
)

OPENERS = (
    "Your goal is to cut the month-end close to 3 days, and I have an idea that brings it a little nearer.",
    "Since the month-end close is what you want to shorten, I have been thinking about which part of it we could make lighter first.",
    "You told us that you want the month-end close done in 3 days. Here's one way the report builder can carry part of that load.",
    "Cutting the month-end close to three days is an ambitious goal, and a good one. It usually starts with a single report that everyone trusts.",
    "With onboarding done, your team has everything in place to take on the month-end close.",
    "Onboarding was finished on 3 September, so the foundation for a faster close is there. What follows builds directly on it.",
    "I'd like to help you get closer to a 3-day close. The quickest win I can think of sits in the report builder you already know.",
    "A faster month-end close begins with fewer questions between people. The report builder is well suited to answer some of them in advance.",
    "Here is a practical idea for Acme Robotics that supports your goal of a shorter month-end close.",
    "Most of the effort in a month-end close goes into finding out which figures are final. A clear report takes that question off the table.",
    "The first shared report is the step that makes everything after it easier, because people can then look things up by themselves.",
    "Your first shared report could become the anchor of the month-end close: one place, one version, no searching.",
)

MIDDLES = (
    "Try naming the report after the question it answers, for example what is still open before we can close. Anyone who opens it "
    "will understand it straight away, and you won't need to explain it again. It takes a few minutes, and it tends to pay off every "
    "single month, especially when somebody new joins the team.",
    "One tip that works particularly well: start from the decision, not from the data. Write down the sentence you would like to be able "
    "to say at the end of the close, then add only those figures to the report that you need in order to say it. Everything else can "
    "stay where it is. Teams often find that the result is shorter, calmer and far easier to keep up to date.",
    "In the report builder, begin with a small version that holds just the figures your finance lead asks for first. Share it with one "
    "colleague, listen to the first thing they ask, and adjust the title until that question no longer comes up. After that, the same "
    "report can be reused each month without anyone having to rebuild it from scratch.",
    "A simple approach is to pick the report that gets requested most often and make it the shared one. Give it a clear owner, put the "
    "day it is refreshed into the title, and agree that this is the version people quote. That alone removes a surprising amount of "
    "back and forth, and it gives you a solid base for the next piece of the close.",
    "What often helps is to look at the close from the end and to find the figure that is always the last to arrive. Build a report around just "
    "that figure, so that the person responsible can see early on what is missing. It's a modest change, but it shortens the wait for "
    "everybody else and makes the rest of the process more predictable.",
    "Consider keeping one report per decision rather than one report per department. It sounds like a detail, yet it changes how people "
    "use it: they open it because they need to decide something, they find what they need, and they move on. You could start with the "
    "decision that currently takes longest and see how it feels after one close.",
    "The nice thing is that you don't need a big project for this. Take the report as it is today, remove every column nobody has asked "
    "about, and move the most important figure to the top. Then show it to the people who rely on it. "
    "Their first reaction will tell you quickly whether it is clear enough.",
    "If you set up the report before the month ends, the figures are already there when the close begins, and your colleagues can correct "
    "things while they are still fresh in mind. I would suggest beginning with the part you know best. Once it runs smoothly, adding "
    "the next part is mostly a matter of repeating the same pattern.",
    "Think of it as a checklist that fills itself: each line answers whether something is ready, and whoever is responsible can see at a "
    "glance what is left. You keep the overview without having to chase anyone, and the conversation shifts from where the numbers are to "
    "what they mean. That is usually the moment when a shorter close starts to feel realistic.",
    "A useful habit is to write a one-line note under the title that says who the report is for and what they should do with it. It may "
    "feel unnecessary at first, but it saves a lot of explaining later, and it makes handing the work over to a colleague much simpler. "
    "You could try this with the next report you touch and leave all the others exactly as they are.",
)

ASKS = (
    "Would it help if we walked through this together on a short call?",
    "Which figure usually arrives last in your close?",
    "Shall I put together a first version based on the report you use most, so that you only have to correct it?",
    "Which report would you like to start with?",
    "Would you be open to a short call next week to set this up with your own figures?",
    "What would make the biggest difference to your team this month?",
    "Could you tell me which question comes up most often during the close? I'll suggest a report for it.",
    "If you like, just reply with the name of the report and I'll come back with a suggestion.",
    "Does this fit the way your team works, or should we start somewhere else?",
    "Who on your team would be the right person to try this with?",
)

WHOLE = (
    (
        "Your first shared report",
        "Getting to a 3-day close gets a lot easier once people can look up the same figures in the same place. That's exactly what your first "
        "shared report is for.\n\nHere's a way to make it painless: choose a report you already trust in the report builder, write a plain "
        "title that says what it answers, and share it with a single colleague before you share it with everyone. You'll hear "
        "immediately whether anything is unclear, and the fix is usually just a word.\n\nWould you like to do it together on a quick "
        "call? I'm happy to look at it with your own numbers on the screen.",
    ),
    (
        "One place for the closing figures",
        "I keep coming back to your goal of closing the month in three days, because it is so concrete.\n\nThe report builder is already part "
        "of how you work, so I'd use it as the starting point. Collect the handful of figures that everybody waits for, put them into one "
        "report, and let that report be the only place where they live. Colleagues can then check for themselves, rather than asking around, "
        "and you get fewer interruptions at the busiest time of the month.\n\nWhich figures would belong in there for your team?",
    ),
    (
        "Bringing your 25 seats into the close",
        "With 25 seats, quite a few people can help to shorten your month-end close, provided each of them knows their part.\n\nA good way to "
        "organise that is to give every part of the close its own short report and one person who looks after it. They update it as they go, and "
        "you see progress without a meeting. Starting with the part that is easiest to separate keeps the effort low and shows the others what "
        "good looks like.\n\nWhich part would you hand over first?",
    ),
    (
        "Building on what you finished in September",
        "You wrapped up onboarding on 3 September 2026, which means the ground is prepared for the thing you actually want: a close that takes 3 "
        "days.\n\nMy suggestion is to focus on the first shared report now. Keep it small, make it about a single question, and let "
        "the people who ask that question be its first readers. Their feedback is worth more than any amount of planning, and whatever you learn applies "
        "to each report after that.\n\nWhen would you have a quiet moment to look at this with me?",
    ),
    (
        "A calmer month end",
        "Month end doesn't have to be hectic. Since you're aiming for a 3-day close, the biggest lever is often preparation rather than "
        "speed.\n\nIn practice, that can look like this: a week before the close, open the report builder, check which figures are still moving, and "
        "write the name of the person who knows next to each of them. By the time the close begins, most of the open points have already been "
        "sorted out, and nobody has to stay late.\n\nWould a short walkthrough with your own report be useful?",
    ),
)


def drafts() -> Iterator[tuple[str, str]]:
    """(subject, body without greeting and signature), over a hundred of them."""
    yield from WHOLE
    for number, opener in enumerate(OPENERS):
        for at in range(len(MIDDLES)):
            subject = SUBJECTS[(number + at) % len(SUBJECTS)]
            yield subject, f"{opener}\n\n{MIDDLES[at]}\n\n{ASKS[(3 * number + at) % len(ASKS)]}"

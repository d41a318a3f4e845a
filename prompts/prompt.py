"""What is sent to the model: the rules, one play, and the facts of one account, marked as data (R48).

Nothing else: no address, no money, no surname, no other account. Text that customers wrote stands between marks that
it cannot close itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from openai.types.chat import ChatCompletionMessageParam

from prompts.answers import Answer
from prompts.facts import Material
from prompts.shape import FEWEST, MOST
from prompts.template import Template

PLAY = """What this mail is for: {purpose}
Tone: {tone}

{instructions}

<facts>
{facts}
</facts>

A plain version that could be sent as it is. Write a better one, closer to the facts:
<plain>
{plain}
</plain>"""
AGAIN = """This version cannot be sent:
{faults}

Write it once more, so that every point is mended. Answer with the JSON object alone."""
FRAME_WORDS = 12


def messages(common: str, template: Template, material: Material, plain: str) -> list[ChatCompletionMessageParam]:
    """The question for one draft: fixed rules as the system's word, the play and the facts as the user's."""
    rules = common.format(lowest=FEWEST + FRAME_WORDS, highest=MOST - 3 * FRAME_WORDS)
    facts = "\n".join(f"- {fact.id}: {inert(fact.text)}" for fact in material.facts)
    play = PLAY.format(
        purpose=template.purpose,
        tone=template.tone,
        instructions=template.instructions,
        facts=facts or "- none",
        plain=inert(plain),
    )
    return [{"role": "system", "content": rules}, {"role": "user", "content": play}]


def repair(answer: Answer | None, faults: Sequence[str]) -> list[ChatCompletionMessageParam]:
    """The one second chance: the model's own answer, and what is wrong with it."""
    asked: list[ChatCompletionMessageParam] = []
    if answer is not None:
        told = {"subject": answer.subject, "body": answer.body, "facts_used": list(answer.facts_used)}
        asked.append({"role": "assistant", "content": json.dumps(told, ensure_ascii=False)})
    listed = "\n".join(f"- {inert(fault)}" for fault in faults)
    return [*asked, {"role": "user", "content": AGAIN.format(faults=listed)}]


def inert(text: str) -> str:
    """Text that cannot close the marks it stands between."""
    return text.replace("<", "‹").replace(">", "›")

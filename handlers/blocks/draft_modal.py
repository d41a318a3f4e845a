"""The window in which a CSM edits the mail: it opens with the draft in it and never loses what was typed (UX 36)."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.blocks.elements import INPUT_LIMIT, Json, context, labelled, modal, section, small, text_input
from handlers.blocks.literal import ELLIPSIS, clean, cut, named, size
from handlers.blocks.rich import bullets, paragraph, quote, rich, words
from handlers.ids import Field, Ref, Window
from scoring.briefs import CardBrief
from scoring.casework import Draft

SUBJECT_LIMIT = 200
MAX_PARTS = 5
SAVED = "Saved as version {version}. It is not sent: approve it on the card."
LOOK_AGAIN = "Worth a second look before you approve:"
OVERTAKEN = "Somebody saved a newer version while you were writing."
KEPT = "Nothing of yours is lost: it stands below, unsaved."
NEWER = "The newer version {version} reads:"
KEEP_MINE = "Save puts your text on top of it as the next version; Close keeps theirs."
BODY_HINT = "Plain text, one clear request. Saving does not send it; it is sent when somebody approves it on the card."
SENT_NOTE = "This is the text that was approved."
GONE = "The text of this mail is no longer the card's newest draft. Ask for it in the card's thread."


def draft_modal(brief: CardBrief, draft: Draft, *, said_in: str = "") -> Json:
    """The editor on a draft's newest version."""
    return _editor(draft, draft.subject, draft.body, _remarks(draft), said_in=said_in, name=brief.account.name)


def saved_modal(draft: Draft, warnings: Sequence[str], *, said_in: str = "") -> Json:
    """What a save with remarks answers: saved, with the gate's reasons beside the text (R49, UX 37)."""
    told = [section(SAVED.format(version=draft.version)), _list(LOOK_AGAIN, warnings)]
    return _editor(draft, draft.subject, draft.body, told, said_in=said_in)


def conflict_modal(current: Draft, subject: str, body: str, *, why: str = "", said_in: str = "") -> Json:
    """What the loser of two saves gets: who was faster, their version to read, the own text to go on with (C4, C10)."""
    heading = f"{NEWER.format(version=current.version)}\n{named(current.subject, SUBJECT_LIMIT, otherwise='')}"
    theirs = rich(paragraph(words(heading)), quote(current.body))
    above = [section(f"{why or OVERTAKEN} {KEPT}"), theirs, section(KEEP_MINE)]
    return _editor(current, subject, body, above, said_in=said_in)


def mail_modal(brief: CardBrief, draft: Draft | None) -> Json:
    """The mail as it was approved, to read (UX 8)."""
    ref = Ref(case=brief.case.id)
    right = brief.outreach is None or (draft is not None and draft.content_hash == brief.outreach.content_hash)
    if draft is None or not right:
        return modal("The mail", [section(GONE)], callback=Window.READ, ref=ref)
    shown = rich(paragraph(words(f"To {draft.to_email} from {draft.from_email}\n{draft.subject}")), quote(draft.body))
    return modal("The mail", [shown, context(small(SENT_NOTE))], callback=Window.READ, ref=ref)


def body_parts(body: str) -> list[str]:
    """The body in pieces that fit one field each; joined they are the body again. Nearly always one piece."""
    parts, rest = [], body
    while size(rest) > INPUT_LIMIT:
        head = cut(rest, INPUT_LIMIT).removesuffix(ELLIPSIS)
        end = rest.rfind("\n", 0, len(head)) + 1 or len(head)
        parts.append(rest[:end])
        rest = rest[end:]
    return [*parts, rest]


def body_field(number: int) -> str:
    """The field of one piece of the body; the first has the plain name."""
    return Field.BODY.value if number == 0 else f"{Field.BODY.value}.{number + 1}"


def _editor(draft: Draft, subject: str, body: str, above: Sequence[Json], *, said_in: str, name: str = "") -> Json:
    """Field ids carry the version, so that Slack shows our text and not what stood in an older window."""
    mark = f"v{draft.version}"
    to = f"To {named(draft.to_name, otherwise='')} <{draft.to_email}>, from {draft.from_email}"
    fields = [labelled(f"subject.{mark}", "Subject", text_input(Field.SUBJECT, subject, limit=SUBJECT_LIMIT))]
    for number, part in enumerate(body_parts(body)[:MAX_PARTS]):
        label = "Message" if number == 0 else f"Message, part {number + 1}"
        element = text_input(Field.BODY, part, tall=True) | {"action_id": body_field(number)}
        fields.append(labelled(f"body.{number}.{mark}", label, element, hint=BODY_HINT if number == 0 else ""))
    about = f"{named(name)} · " if name else ""
    print_ = context(small(f"{about}{to} · version {draft.version}, {size(clean(body, lines=True))} characters"))
    ref = Ref(case=draft.case_id, version=draft.version, said_in=said_in)
    return modal("Edit the mail", [*above, *fields, print_], callback=Window.DRAFT, ref=ref, submit="Save")


def _remarks(draft: Draft) -> list[Json]:
    return [_list(LOOK_AGAIN, [finding.text for finding in draft.findings])] if draft.findings else []


def _list(heading: str, texts: Sequence[str]) -> Json:
    return rich(paragraph(words(heading)), bullets(texts[:8]))

"""The greeting, link and signature around a mail's text: placed by us, whoever wrote the middle (R48, R50)."""

from __future__ import annotations

from dataclasses import dataclass

import regex

_HELLO = r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|day|evening))"
_GREETING = regex.compile(
    rf"\A\s*{_HELLO}\b[^\n.?]{{0,60}}?(?:[,!:]|[ \t]+[–—-])?\s*(?:\n|\Z)"
    rf"|\A\s*{_HELLO}(?:\s+(?:there|all|team|\p{{Lu}}[\p{{L}}'’-]*)){{0,3}}\s*[,!:–—-]\s*",
    regex.IGNORECASE,
)
_CLOSING = regex.compile(
    r"\n\s*(?:(?:with |my )?(?:kind|best|warm|warmest|kindest|many|sincere)(?: (?:regards|wishes|thanks))?"
    r"|thanks(?: (?:again|so much|a lot))?|thank you|cheers|sincerely|regards|yours(?: (?:sincerely|truly))?"
    r"|all the best|talk soon|speak soon|greetings)[,.!]?[ \t]*(?:\n[^\n.?!]{0,60}){0,4}\s*\Z",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands before and after the middle of a mail, taken from the filled template."""

    opening: str
    middle: str
    link: str
    closing: str

    @classmethod
    def of(cls, body: str, link: str) -> Frame:
        """Take a filled template apart: first paragraph, last paragraph, the one with the link, and the rest."""
        first, *rest = body.split("\n\n")
        *middle, last = rest or [""]
        linked = next((part for part in middle if link and link in part), "")
        kept = [part for part in middle if part != linked]
        return cls(first, "\n\n".join(kept), linked, last)

    def around(self, text: str) -> str:
        """A mail with this text as its middle; a greeting or signature that came with it is taken off."""
        calm = regex.sub(r"\n[ \t\n]*\n", "\n\n", text.strip())
        middle = _CLOSING.sub("", "\n" + _GREETING.sub("", calm, count=1)).strip()
        paragraphs = [part.strip() for part in regex.split(r"\n\s*\n", middle) if part.strip()]
        if self.link:
            paragraphs.insert(max(len(paragraphs) - 1, 0), self.link)
        tidy = ["\n".join(" ".join(line.split()) for line in part.splitlines()) for part in paragraphs]
        return "\n\n".join(filter(None, (self.opening, *tidy, self.closing)))

"""The small language of our mail templates: text, `{placeholders}`, and `[[parts]]` that fall away with their fact.

`[[Hello {contact} || Hello]]` takes the first alternative whose placeholders are all known, or nothing at all. A
placeholder outside such a part must always be known, so that no mail ever shows an empty place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scoring.errors import InvalidInput

ALWAYS_KNOWN = frozenset({"product"})
PLACEHOLDERS = ALWAYS_KNOWN | {"contact", "csm", "feature", "step", "done", "next", "goal", "tip", "link"}
FIELDS = ("name", "version", "trigger", "severity", "tone", "purpose")

_PLACE = re.compile(r"\{([^{}]*)\}")
_PART = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_SECTIONS = re.compile(r"^# (Instructions|Mail)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Filled:
    """A mail made from a template; `used` names the placeholders whose values stand in it."""

    subject: str
    body: str
    used: frozenset[str]


@dataclass(frozen=True, slots=True)
class Template:
    """One play's template: what the model is told, and the plain mail that needs no model.

    `language` other than `en` means that the mail is used as it stands: the gate reads English only.
    """

    name: str
    version: str
    trigger: str
    severity: str
    tone: str
    purpose: str
    instructions: str
    subject: str
    body: str
    language: str = "en"
    source: str = ""

    @property
    def prompt_version(self) -> str:
        """What a draft stores to tell which template and version it came from."""
        return f"{self.name}@{self.version}"

    @property
    def wording(self) -> str:
        """The mail's own words without its placeholders: the team wrote them, so a draft may use them (R48)."""
        return _PLACE.sub(" ", f"{self.subject}\n{self.body}").translate({ord(mark): " " for mark in "[]|"})

    def fill(self, values: Mapping[str, str]) -> Filled:
        """The mail with the values that are known (empty ones count as missing); never raises."""
        known = {name: value for name, value in values.items() if value}
        used: set[str] = set()
        subject = " ".join(_fill(self.subject, known, used).split())
        return Filled(subject, _tidy(_fill(self.body, known, used)), frozenset(used))


def parse(text: str, source: str) -> Template:
    """Read one template file. Raises `InvalidInput` naming the file and the field."""
    match = _FRONT.match(text.replace("\r\n", "\n").lstrip("\ufeff"))
    if match is None:
        raise InvalidInput(
            f"{source}: the file must begin with a block of `field: value` lines between two `---` lines."
        )
    front = _front_matter(match[1], source)
    sections = _sections(match[2], source)
    subject, body = _mail(sections["Mail"], source)
    for field, part in (("subject", subject), ("mail", body)):
        _check_places(part, f"{source}, {field}")
    return Template(
        **{field: front[field] for field in FIELDS},
        instructions=sections["Instructions"],
        subject=subject,
        body=body,
        language=front.get("language", "en"),
        source=source,
    )


def _front_matter(text: str, source: str) -> dict[str, str]:
    front: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        field, colon, value = line.partition(":")
        if not colon or field.strip() not in (*FIELDS, "language"):
            raise InvalidInput(f"{source}: {line.strip()!r} is no field; known are {', '.join(FIELDS)} and language.")
        front[field.strip()] = value.strip()
    missing = [field for field in FIELDS if not front.get(field)]
    if missing:
        raise InvalidInput(f"{source}: the field {missing[0]!r} is missing or empty.")
    return front


def _sections(text: str, source: str) -> dict[str, str]:
    parts = _SECTIONS.split(text)
    found = {title: body.strip() for title, body in zip(parts[1::2], parts[2::2], strict=True)}
    for title in ("Instructions", "Mail"):
        if not found.get(title):
            raise InvalidInput(f"{source}: the part '# {title}' is missing or empty.")
    return found


def _mail(text: str, source: str) -> tuple[str, str]:
    first, _, body = text.partition("\n")
    if not first.startswith("Subject:") or not first.removeprefix("Subject:").strip():
        raise InvalidInput(f"{source}: the part '# Mail' must begin with a line 'Subject: …'.")
    if not body.strip():
        raise InvalidInput(f"{source}: the mail has a subject and no text.")
    return first.removeprefix("Subject:").strip(), body.strip()


def _check_places(text: str, place: str) -> None:
    for name in _PLACE.findall(text):
        if name not in PLACEHOLDERS:
            raise InvalidInput(f"{place}: {{{name}}} is no placeholder; known are {', '.join(sorted(PLACEHOLDERS))}.")
    outside = _PART.sub("", text)
    if "[[" in outside or "]]" in outside:
        raise InvalidInput(f"{place}: a part is opened with [[ and not closed with ]], or the other way round.")
    if re.search(r"[{}]", _PLACE.sub("", text)):
        raise InvalidInput(f"{place}: a brace is not part of a placeholder like {{feature}}.")
    for name in _PLACE.findall(outside):
        if name not in ALWAYS_KNOWN:
            raise InvalidInput(f"{place}: {{{name}}} may be missing, so it must stand inside a [[part]].")


def _fill(text: str, known: Mapping[str, str], used: set[str]) -> str:
    def place(match: re.Match[str]) -> str:
        used.add(match[1])
        return known.get(match[1], "")

    def part(match: re.Match[str]) -> str:
        return next(_alternatives(match[1], known), "")

    return _PLACE.sub(place, _PART.sub(part, text))


def _alternatives(part: str, known: Mapping[str, str]) -> Iterator[str]:
    for choice in part.split("||"):
        if all(name in known for name in _PLACE.findall(choice)):
            leading = " " if choice.startswith(" ") and "||" not in part else ""
            yield leading + choice.strip()


def _tidy(text: str) -> str:
    paragraphs = (
        "\n".join(" ".join(line.split()) for line in part.splitlines()) for part in re.split(r"\n\s*\n", text)
    )
    kept = [part.strip() for part in paragraphs if part.strip()]
    return re.sub(r" +([,.;:!?])", r"\1", "\n\n".join(kept))

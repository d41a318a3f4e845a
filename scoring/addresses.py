"""Whether a text is exactly one e-mail address that a person reads, before anything is sent there.

A contact's address comes from imported data, so it is hostile until proven plain: `Ann <a@x.com>, evil@y.com` would
add a recipient, a line break would add a header (components: e-mail; fault D6).
"""

from __future__ import annotations

import re
import unicodedata

from scoring.errors import InvalidInput

LONGEST = 254
LONGEST_LOCAL = 64
NOBODY = frozenset({"noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "abuse"})
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# IDNA 2003, which the standard library speaks, turns these into other letters: the mail would go to another company.
CHANGED_BY_IDNA = frozenset("ßς\u200c\u200d")
PLUS_TOKEN = re.compile(r"[0-9a-f]{16}")

# Mail providers of persons, not companies: an address there says nothing about where somebody works.
SHARED_HOSTS = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
    "aol.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "mail.com", "qq.com", "163.com",
})  # fmt: skip

EMPTY = "There is no e-mail address."
NOT_ONE = "“{text}” is not one plain e-mail address like dana@acme.com."
LOCAL_NOT_ASCII = "“{text}” has letters before the @ that mail servers do not all accept."
NO_DOMAIN = "“{text}” has no usable domain after the @."
NOBODY_READS = "Nobody reads {text}: it is an address for machines."
TOO_LONG = "“{text}…” is too long for an e-mail address."


def one_address(text: str) -> str:
    """The address without outer blanks, its domain in lower case and ASCII; `InvalidInput` for anything else (D6)."""
    address = text.strip()
    if not address:
        raise InvalidInput(EMPTY)
    if len(address) > LONGEST:
        raise InvalidInput(TOO_LONG.format(text=_shown(address[:40])))
    local, at, domain = address.partition("@")
    if not at or "@" in domain:
        raise InvalidInput(NOT_ONE.format(text=_shown(address)))
    return f"{_local(local, address)}@{_domain(domain, address)}"


def is_one(text: str) -> bool:
    """Whether a text is one plain address."""
    try:
        return bool(one_address(text))
    except InvalidInput:
        return False


def spellings(address: str) -> tuple[str, ...]:
    """A checked address as mail servers write it and as people do: `x@xn--mnchen-3ya.de` is `x@münchen.de`."""
    local, _, domain = address.rpartition("@")
    try:
        return tuple(dict.fromkeys((address, f"{local}@{domain.encode('ascii').decode('idna')}")))
    except UnicodeError:
        return (address,)


def domain_of(address: str) -> str:
    """What stands after the @, in lower case."""
    return address.rpartition("@")[2].strip().lower()


def reply_token(message_id: str) -> str:
    """The token of an outreach: the first 16 hex digits of its Message-ID; empty for a Message-ID that is not ours."""
    found = PLUS_TOKEN.match(message_id.removeprefix("<"))
    return found.group() if found else ""


def plus_address(address: str, token: str) -> str:
    """`ana@x.com` with a token is `ana+token@x.com`: the same mailbox, and an answer says which mail it answers.

    Without a token, or where the longer address would be none, the address itself.
    """
    local, _, domain = address.rpartition("@")
    longer = f"{local}+{token}"
    fits = len(longer) <= LONGEST_LOCAL and len(longer) + 1 + len(domain) <= LONGEST
    return f"{longer}@{domain}" if PLUS_TOKEN.fullmatch(token) and local and fits else address


def plus_token(address: str) -> str:
    """The token that `plus_address` put in, in lower case; empty where there is none."""
    _, plus, token = address.rpartition("@")[0].rpartition("+")
    return token.lower() if plus and PLUS_TOKEN.fullmatch(token.lower()) else ""


def _local(local: str, address: str) -> str:
    if not local.isascii() and local.isprintable() and not set(local) & set(' ,;:<>()[]"\\'):
        raise InvalidInput(LOCAL_NOT_ASCII.format(text=_shown(address)))
    if len(local) > LONGEST_LOCAL or not LOCAL.fullmatch(local):
        raise InvalidInput(NOT_ONE.format(text=_shown(address)))
    if local.lower().partition("+")[0] in NOBODY:
        raise InvalidInput(NOBODY_READS.format(text=_shown(address)))
    return local


def _domain(domain: str, address: str) -> str:
    """The domain as mail servers write it; every label is checked after the conversion."""
    try:
        ascii_domain = domain.lower().encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    plain = len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    if not plain or CHANGED_BY_IDNA & set(domain):
        raise InvalidInput(NO_DOMAIN.format(text=_shown(address)))
    return ascii_domain


def _shown(text: str) -> str:
    """The text without characters that could change how it is displayed."""
    return "".join(ch if unicodedata.category(ch)[0] not in {"C", "Z"} else " " for ch in text)[:80]

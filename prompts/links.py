"""Links, addresses and phone numbers in a text, in every disguise we know (R48)."""

from __future__ import annotations

import unicodedata

import regex

ENDINGS = (
    r"(?:com|net|org|io|co|ai|app|dev|de|fr|es|it|nl|eu|uk|us|ca|ch|at|be|pl|ru|cn|in|info|biz|me|tv|xyz|shop|online|"
    r"site|club|link|click|top|tech|cloud|store|live|life|pro|gg|ly|to|sh|ws|su|br|jp|kr|au|se|no|dk|fi|zip|mov|support)"
)
_PATTERNS = (
    regex.compile(r"\b[a-z][a-z0-9+.-]{1,15}:/?/?[^\s/]*/\S*", regex.IGNORECASE),
    regex.compile(r"(?<![\p{L}\p{N}])[a-z][a-z0-9+.-]{1,15}://\S*", regex.IGNORECASE),
    regex.compile(r"\bhxxps?\S*|\bh\s*t\s*t\s*p\s*s?\s*:", regex.IGNORECASE),
    regex.compile(r"\b(?:mailto|tel|sms|javascript|data|ftp|file|skype|whatsapp):\S+", regex.IGNORECASE),
    regex.compile(r"(?<!\S)//[\p{L}\p{N}]\S*"),
    regex.compile(r"\bwww\s?[.]\s?\S+", regex.IGNORECASE),
    regex.compile(r"[\p{L}\p{N}](?:[\p{L}\p{N}-]*[.])+(?!(?:g|e)\b)[\p{L}][\p{L}\p{N}-]{1,23}(?:[:/?#]\S*)?"),
    regex.compile(rf"[\p{{L}}\p{{N}}-]+\s*[\[({{<]+\s*(?:dot|[.])\s*[\])}}>]+\s*{ENDINGS}\b", regex.IGNORECASE),
    regex.compile(rf"[\p{{L}}\p{{N}}-]+\s+dot\s+{ENDINGS}\b", regex.IGNORECASE),
    regex.compile(rf"[\p{{L}}\p{{N}}-]+(?:\s[.]\s?|[.]\s){ENDINGS}(?=/|\s*$)", regex.IGNORECASE | regex.MULTILINE),
    regex.compile(r"[\p{L}\p{N}-]+\s[.]\s(?:com|net|org|io|co|ai|app|dev|info|biz|example)\b", regex.IGNORECASE),
    regex.compile(r"\\\\[\p{L}\p{N}]"),
    regex.compile(rf"[\p{{L}}\p{{N}}-]+\s[.]{ENDINGS}\b", regex.IGNORECASE),
    regex.compile(r"\b(?:\d{1,3}[.]){3}\d{1,3}\b|\[[0-9a-f:]*:[0-9a-f:]*\]", regex.IGNORECASE),
    regex.compile(r"\S*[@＠]\S*"),
    regex.compile(rf"\S+\s*[\[(]?\s*\bat\b\s*[\])]?\s*\S+\s*[\[(]?\s*\bdot\b\s*[\])]?\s*{ENDINGS}\b", regex.IGNORECASE),
    regex.compile(r"(?:\+|\b00)\s?\d[\d\s()./-]{5,}\d"),
    regex.compile(r"\(?\b\d{2,5}\)?[\s./-]\d{2,4}[\s./-]\d{2,5}(?:[\s./-]\d{1,5})*\b(?<![0-9]{4}-[0-9]{2}-[0-9]{2})"),
    regex.compile(r"\b\d{7,}\b"),
    regex.compile(r"\]\s?\(|\]\s?\[|!\[|^\s*\[[^\]]*\]:|<\s*(?:a|img|https?)\b", regex.IGNORECASE | regex.MULTILINE),
)


def found(text: str) -> tuple[str, ...]:
    """Everything in `text` that points somewhere: links, domains, addresses, handles, phone numbers."""
    plain = _plain(text)
    return tuple(sorted({match[0].strip() for pattern in _PATTERNS for match in pattern.finditer(plain)}))


def _plain(text: str) -> str:
    """The text with compatibility letters folded, invisible characters gone and every kind of full stop as a dot."""
    folded = unicodedata.normalize("NFKC", text)
    seen = "".join(char for char in folded if unicodedata.category(char) not in {"Cf", "Mn"} or char in "\n\t")
    return seen.translate({ord(stop): "." for stop in "。．｡․·"})

"""Which words are plain English: to tell a sentence's first word from a name, and English from other languages."""

from __future__ import annotations

from dataclasses import dataclass

import regex

ENDINGS = (
    ("iest", "y"), ("ier", "y"), ("ied", "y"), ("ies", "y"), ("ily", "y"), ("iness", "y"),
    ("s", ""), ("es", ""), ("ed", ""), ("ed", "e"), ("d", ""), ("ing", ""), ("ing", "e"), ("ly", ""), ("ally", ""),
    ("er", ""), ("er", "e"), ("r", ""), ("est", ""), ("est", "e"), ("st", ""), ("ment", ""), ("ness", ""), ("ful", ""),
    ("less", ""), ("able", ""), ("able", "e"), ("tion", "te"), ("ation", "e"), ("ion", ""), ("y", ""), ("y", "e"),
)  # fmt: skip
PREFIXES = ("un", "re", "in", "im", "non", "over", "under", "mis", "pre", "co")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)?")
_CLITICS = regex.compile(r"(?:n['’]t|['’](?:s|re|ve|ll|d|m|t))$")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of `words.txt` with what can be derived from them."""

    words: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Vocabulary:
        """Read the list: words apart by space, lines that begin with `#` are remarks."""
        lines = (line for line in text.splitlines() if not line.startswith("#"))
        return cls(frozenset(word for line in lines for word in line.split()))

    def knows(self, word: str) -> bool:
        """Whether a word, or each half of a hyphenated one, is plain English in any of its usual forms."""
        bare = _CLITICS.sub("", word.casefold().replace("’", "'"))
        return all(self._known(part) for part in bare.split("-") if part)

    def share(self, text: str) -> tuple[float, int]:
        """The share of lower-case words that are plain English, and how many there were."""
        words = [word for word in _WORD.findall(text) if word == word.lower()]
        return (sum(map(self.knows, words)) / len(words) if words else 1.0), len(words)

    def _known(self, word: str) -> bool:
        stems = (word, word.removesuffix("s"))
        bare = (stem.removeprefix(prefix) for stem in stems for prefix in PREFIXES if stem.startswith(prefix))
        return any(stem in self.words or self._derived(stem) for stem in (*stems, *bare))

    def _derived(self, word: str) -> bool:
        for ending, replacement in ENDINGS:
            stem = word.removesuffix(ending) + replacement
            if len(stem) > 1 and word.endswith(ending) and (stem in self.words or self._doubled(stem, replacement)):
                return True
        return False

    def _doubled(self, stem: str, replacement: str) -> bool:
        """`planning` is `plan`, `bigger` is `big`."""
        return not replacement and len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in self.words  # noqa: PLR2004

"""The texts a team may edit: templates by play, the playbook, the tips and the phrase lists (R43).

A folder of the team (setting `LOOKOUT_TEMPLATES`) may hold any of the same files; each stands in for ours, while its
`tips.toml` and `phrases.toml` add to ours.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from prompts import phrases, template, tips
from prompts.phrases import Phrases
from prompts.template import Template
from prompts.tips import Tips
from prompts.vocabulary import Vocabulary
from scoring.errors import InvalidInput
from scoring.playbook import Playbook

FALLBACK = "low_score"
OURS = Path(str(files("prompts")))


@dataclass(frozen=True, slots=True, repr=False)
class Library:
    """Everything that words are taken from; immutable, read once."""

    templates: Mapping[str, Template]
    playbook: Playbook
    tips: Tips
    phrases: Phrases
    vocabulary: Vocabulary
    common: str = ""

    @classmethod
    def load(cls, override: Path | None = None) -> Library:
        """Our texts, with a team's folder in front. Raises `InvalidInput` naming the file and the field."""
        if override is not None and not override.is_dir():
            raise InvalidInput(f"{override}: the folder of templates does not exist. Correct LOOKOUT_TEMPLATES.")
        templates = {found.name: found for found in map(_template, _markdown(OURS / "templates"))}
        if override is not None:
            templates |= {found.name: found for found in map(_template, _markdown(override))}
        library = cls(
            templates=templates,
            playbook=_playbook(_first("playbook.toml", override)),
            tips=tips.parse(_read(OURS / "tips.toml"), "tips.toml"),
            phrases=phrases.parse(_read(OURS / "phrases.toml"), "phrases.toml"),
            vocabulary=Vocabulary.parse(_read(OURS / "words.txt")),
            common=_read(OURS / "instructions.md"),
        )
        return library if override is None else library._with_additions(override)

    def template(self, play: str) -> Template:
        """The template of a play; the one for a low score where a play has none of its own."""
        return self.templates.get(play) or self.templates[FALLBACK]

    @property
    def wording(self) -> str:
        """All templates' own words; a person's edit may keep any of them (R49)."""
        return "\n".join(found.wording for found in self.templates.values())

    def _with_additions(self, folder: Path) -> Library:
        more_tips, more_phrases = folder / "tips.toml", folder / "phrases.toml"
        return Library(
            templates=self.templates,
            playbook=self.playbook,
            tips=self.tips.extended(_read(more_tips), str(more_tips)) if more_tips.is_file() else self.tips,
            phrases=self.phrases.extended(_read(more_phrases), str(more_phrases))
            if more_phrases.is_file()
            else self.phrases,
            vocabulary=self.vocabulary,
            common=self.common,
        )


def _markdown(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.md") if path.name.lower() != "readme.md")


def _template(path: Path) -> Template:
    found = template.parse(_read(path), path.name)
    if found.name != path.stem:
        raise InvalidInput(
            f"{path.name}: the field 'name' is {found.name!r}; it must be the file's name, {path.stem!r}."
        )
    return found


def _first(name: str, override: Path | None) -> Path:
    own = override / name if override is not None else None
    return own if own is not None and own.is_file() else OURS / name


def _playbook(path: Path) -> Playbook:
    try:
        return Playbook.from_mapping(tomllib.loads(_read(path)))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path.name}: this is no TOML: {error}.") from None
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name}: this file cannot be read: {error}.") from None

"""What the documents promise is there: commands, settings, files, tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from bot.__main__ import cli
from bot.config import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(p for p in ROOT.rglob("*.md") if not {".venv", "node_modules", "templates"} & set(p.parts))
COMMANDS = typer.main.get_command(cli).commands  # type: ignore[attr-defined]
LINK = re.compile(r"\]\(([^)#]+)\)")


def variables_of_settings() -> dict[str, str]:
    """Each setting's environment variable and its default, as `.env.example` writes it."""
    found = {}
    for name, field in Settings.model_fields.items():
        value = field.get_default(call_default_factory=True)
        if hasattr(value, "get_secret_value"):
            text = value.get_secret_value()
        elif isinstance(value, bool):
            text = str(value).lower()
        else:
            text = ",".join(value) if isinstance(value, tuple) else str(getattr(value, "value", value))
        found[field.alias or name.upper()] = text
    return found


def test_the_example_environment_lists_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    expected = variables_of_settings()

    assert sorted(listed) == sorted(expected)
    assert {k: float(v) if k == "LOOKOUT_ALERT_BUDGET" else v for k, v in listed.items()} == {
        k: float(v) if k == "LOOKOUT_ALERT_BUDGET" else v for k, v in expected.items()
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_in_a_document_leads_somewhere(document: Path) -> None:
    targets = [t for t in LINK.findall(document.read_text()) if "://" not in t]

    assert [t for t in targets if not (document.parent / t).exists()] == []


@pytest.mark.parametrize("package", ["bot", "bot/demo", "handlers", "prompts", "scoring", "storage"])
def test_every_package_has_a_readme(package: str) -> None:
    assert (ROOT / package / "README.md").read_text().startswith("# ")


def test_the_readme_shows_every_command_and_no_other() -> None:
    table = (ROOT / "README.md").read_text().split("## Commands")[1]
    shown = set(re.findall(r"`lookout (\w+)", table))

    assert shown == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_says_what_it_does(command: str) -> None:
    found = COMMANDS[command]

    assert found.help
    assert [p.name for p in found.params if not getattr(p, "help", None)] == []


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    first = (ROOT / "README.md").read_text().split("```")[1]
    targets = re.findall(r"^make (\w+)", first, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()

    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_options_that_the_readme_names_exist() -> None:
    readme = re.sub(r"(?s)## When one machine.*?(?=## )", "", (ROOT / "README.md").read_text())  # Spark's own test
    known = {option for command in COMMANDS.values() for p in command.params for option in p.opts}

    assert set(re.findall(r"(?<![\w-])(--[a-z][\w-]+)", readme)) <= known


@pytest.mark.long
def test_the_command_starts_and_a_wrong_setting_is_named_without_its_value(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bot", "migrate"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": "", "LOOKOUT_HOME": str(tmp_path), "LOOKOUT_PORT": "s3cret", "LOOKOUT_TIMEZONE": "Mars/Base"},
    )  # fmt: skip

    assert run.returncode == 1
    assert "LOOKOUT_PORT" in run.stderr
    assert "LOOKOUT_TIMEZONE" in run.stderr
    assert "s3cret" not in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.long
def test_modules_that_the_documents_name_exist() -> None:
    missing = []
    for document in DOCUMENTS:
        for name in re.findall(r"`([\w./]+\.(?:py|toml|yml|md))`", document.read_text()):
            if "NNNN" in name:
                continue
            places = (ROOT / name, document.parent / name, document.parent / "loop" / name)
            if not any(place.exists() for place in places) and not list(ROOT.glob(f"*/**/{name}")):
                missing.append(f"{document.name}: {name}")

    assert missing == []


def test_the_map_of_the_program_names_every_module() -> None:
    here = (ROOT / "bot" / "README.md").read_text()
    named = {name.rpartition("/")[2] for name in re.findall(r"`([\w./]+\.py)`", here)}
    modules = {p.name for folder in ("bot", "bot/loop") for p in (ROOT / folder).glob("*.py")}

    assert modules - named == {"__init__.py"}

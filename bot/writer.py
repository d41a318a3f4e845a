"""Makes the writer of drafts from the settings."""

from __future__ import annotations

from bot.config import Settings
from bot.loop.ports import Writer
from prompts.library import Library
from prompts.writer import DraftWriter


def writer_of(settings: Settings, library: Library) -> Writer:
    """The language model behind its gate; templates alone without a key."""
    return DraftWriter(
        library,
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        links=settings.links,
        product_name=settings.product_name,
        drafts_per_day=settings.drafts_per_day,
        opt_out=settings.opt_out_line,
    )

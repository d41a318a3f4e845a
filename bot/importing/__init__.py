"""Brings accounts, people, milestones, tickets and events out of files into Lookout: `lookout import PATH…`."""

from bot.importing.command import import_paths

__all__ = ["import_paths"]

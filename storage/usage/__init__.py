"""The usage store: raw events and their roll-ups."""

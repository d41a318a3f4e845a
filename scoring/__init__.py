"""Decides: the vocabulary and every rule; pure."""

"""Faces Slack."""

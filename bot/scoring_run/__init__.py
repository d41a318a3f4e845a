"""Runs the scoring engine: usage and what is known of accounts in, one snapshot an account and day out."""

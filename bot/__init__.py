"""Runs: wiring, command line, schedule, HTTP, the loop, data in, words out, and the demo."""

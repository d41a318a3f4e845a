"""A whole workspace on one machine: invented customers, a local Slack, a mailbox to read."""

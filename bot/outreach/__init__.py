"""Words out: mail, and what is logged elsewhere."""

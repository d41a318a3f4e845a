"""Pure builders: briefs in, Block Kit out."""

"""Data in: each source is one module, independent of the others."""

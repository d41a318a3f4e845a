"""What comes in: values out of what was written, the door that keeps them, and the way to where they belong."""

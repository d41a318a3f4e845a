"""What products tell us: taken at the door, kept at once, and brought to the usage store and the accounts."""

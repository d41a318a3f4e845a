"""What both directions of a CRM share: talking to it, and the names of its fields."""

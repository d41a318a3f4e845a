"""Mail in: reading mailboxes, and telling answers from automatic mail and bounces."""

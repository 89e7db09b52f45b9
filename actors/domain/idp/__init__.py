"""Identity providers of others: what is known of them, of whatever kind."""

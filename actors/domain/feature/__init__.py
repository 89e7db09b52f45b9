"""Features: switches of the whole server, an instance, an organisation, a user."""

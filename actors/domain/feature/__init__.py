"""Features: switches of the whole server and of one instance."""

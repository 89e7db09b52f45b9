"""A relying party that shows what it does: for the command line and for the playground's page."""

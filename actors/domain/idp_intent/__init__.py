"""Sign-ins under way at an identity provider of others: asked for, answered, used once."""

"""Users: people who sign in (human) and programs that do (machine)."""

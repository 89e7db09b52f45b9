"""Projects: roles, and the applications that sign people in."""

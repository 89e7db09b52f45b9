"""What stops a start in a way the operator can mend."""


class StartError(Exception):
    """The server cannot start. The message is for the operator: one line, no secret, what to do."""

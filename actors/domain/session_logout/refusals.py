"""Why orders to the logouts of a session are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("SESSIONLOGOUT-NotFound", Code.NOT_FOUND)
NOT_DUE = reason("SESSIONLOGOUT-NotDue", Code.FAILED_PRECONDITION)

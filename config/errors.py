"""What stops a server in a way the operator can mend."""


class StartError(Exception):
    """The server cannot start, or not go on.

    The message is for the operator: one line, no secret, what to do.
    """


def explained(error: Exception) -> str | None:
    """Return the line that tells an operator what to mend; None when it is a fault of ours."""
    from personae.actors.domain.kit import Refusal
    from personae.store.errors import DatabaseError

    if isinstance(error, DatabaseError):
        return f"the database: {error}"
    if isinstance(error, Refusal):
        from personae.config.texts import FALLBACK, Texts

        return Texts.load().sentence(error.id, FALLBACK, error.params)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return where + (error.strerror or str(error))
    return str(error) if isinstance(error, _mendable()) else None


def _mendable() -> tuple[type[Exception], ...]:
    """Return the errors whose own words are for the operator."""
    from personae.actors.aggregates.history import NoHistory
    from personae.projections.kit.shelf import ShapeChangedError
    from personae.projections.kit.versions import StillAnswersError
    from personae.store.crypto import MasterKeyError
    from personae.store.durability import NotDurable
    from personae.store.embedded import EmbeddedError
    from personae.store.migrate import DatabaseIsNewer
    from personae.store.programs import ProgramError
    from personae.store.transfer import TransferError

    return (
        *(StartError, NoHistory, ShapeChangedError, MasterKeyError, NotDurable, EmbeddedError),
        *(DatabaseIsNewer, ProgramError, StillAnswersError, TransferError),
    )

"""Why orders to an execution are refused."""

from personae.actors.domain.kit import Code, reason

CONDITION_UNKNOWN = reason("EXECUTION-ConditionUnknown", Code.INVALID_ARGUMENT)
TARGET_UNKNOWN = reason("EXECUTION-TargetUnknown", Code.INVALID_ARGUMENT)
TARGETS_INVALID = reason("EXECUTION-TargetsInvalid", Code.INVALID_ARGUMENT)

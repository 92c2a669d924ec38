"""What can be wrong with plan bytes.

PlanError
└── MalformedPlan   the bytes are not a plan: wrong tag, field, type, reference, size or depth
"""


class PlanError(Exception):
    """Base of everything this package raises."""


class MalformedPlan(PlanError):
    """The bytes are not a plan. Says why in one sentence; carries no part of the bytes."""

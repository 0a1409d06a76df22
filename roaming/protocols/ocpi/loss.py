"""The loss report of a crossing, as both protocols write it."""

from roaming.protocols.wire.loss import (
    Effect,
    Loss,
    LossReport,
    Touches,
)

__all__ = [
    "Effect",
    "Loss",
    "LossReport",
    "Touches",
]

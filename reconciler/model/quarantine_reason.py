"""Reasons of a quarantine, as Microsoft Graph names them (research: entra 6)."""

from __future__ import annotations

from typing import Literal

from reconciler.model.codes import SCIM

QuarantineReason = Literal[
    "EncounteredQuarantineException", "EncounteredEscrowProportionThreshold", "EncounteredBaseEscrowThreshold",
    "EncounteredTotalEscrowThreshold", "Unknown",
]  # fmt: skip
MEANINGS: dict[QuarantineReason, str] = {
    "EncounteredQuarantineException": "the endpoint refuses the credentials, does not answer, or is no SCIM endpoint",
    "EncounteredEscrowProportionThreshold": "more than 40 % of the changes failed",
    "EncounteredBaseEscrowThreshold": "more than 40,000 changes failed",
    "EncounteredTotalEscrowThreshold": "more than 60,000 changes failed or waited for somebody who could not be made",
    "Unknown": "nothing tells why",
}
# What stops a target at once, however little failed: nothing there can be right before a person did something.
AT_ONCE = ("Unauthorized", "InsufficientRights", f"{SCIM}InvalidCredentials", f"{SCIM}ServiceIncompatible")

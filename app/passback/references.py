"""Signed addresses of submissions, for platforms whose grading view opens an address of ours.

The address says for which assignment and learner, and that we said so: it is
never guessed. Who may see what it leads to is decided when it is opened.
"""

from app.core.crypto import Vault

PARAMETER = "submission"


def submission_address(vault: Vault, launch_url: str, *, assignment_id: int, person_id: int) -> str:
    """Return the launch address that opens one learner's submission."""
    named = f"{assignment_id}.{person_id}"
    return f"{launch_url}?{PARAMETER}={named}.{vault.sign(f'{PARAMETER}:{named}')}"


def read_reference(vault: Vault, reference: str) -> tuple[int, int] | None:
    """Return the assignment's and the learner's id, or `None` if we did not sign it."""
    named, _, signature = reference.rpartition(".")
    if not reference.isascii() or not vault.is_signed(f"{PARAMETER}:{named}", signature):
        return None
    assignment_id, _, person_id = named.partition(".")
    return int(assignment_id), int(person_id)

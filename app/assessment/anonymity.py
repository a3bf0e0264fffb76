"""Whose work it is, as those who assess may be told."""

import hashlib

from app.evidence.models import Submission

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is read as another, or as a digit


def shown_name(submission: Submission) -> str:
    """Return the learner's name, or, where the achievement is assessed blindly, a stand-in."""
    version = submission.assignment.version
    if not version.is_anonymous:
        return submission.learner.display_name
    return stand_in(submission.id, key=submission.assignment.uuid)


def stand_in(submission_id: int, *, key: str) -> str:
    """Return a name for whose work it is; `key`: what only the tool knows, its assignment's."""
    digest = hashlib.blake2b(
        f"learner:{submission_id}".encode(), key=key.encode(), digest_size=4
    ).digest()
    return "Learner " + "".join(LETTERS[byte % len(LETTERS)] for byte in digest)

"""Work that is assessed without knowing whose it is: names that stand for learners."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.crypto import Vault
from app.core.principal import Principal
from app.evidence.models import ArtifactKind, Submission
from app.evidence.naming import is_name_hidden, number_files
from app.evidence.showing import ShownArtifact

LETTERS = 6


def alias_of(submission: Submission, *, vault: Vault) -> str:
    """Return the name under which a submission is assessed.

    The same for the same submission always; who does not know the installation's
    key cannot find out from it, or make, whose it is.
    """
    return alias_of_number(submission.lead_id or submission.id, vault=vault)


def alias_of_number(lead_id: int, *, vault: Vault) -> str:
    """Return the name under which the work with this number is assessed; in a group, the lead's."""
    signed = vault.sign(f"alias:{lead_id}")
    letters = base64.b32encode(hashlib.sha256(signed.encode()).digest()).decode()[:LETTERS]
    return f"Learner {letters[:3]}-{letters[3:]}"


def shown_name(submission: Submission, *, vault: Vault) -> str:
    """Return how those who assess a submission are told whose it is."""
    if submission.assignment.version.is_anonymous:
        return alias_of(submission, vault=vault)
    return submission.learner.display_name


def shown_name_to(
    session: Session,
    submission: Submission,
    principal: Principal,
    *,
    vault: Vault,
    now: datetime,
) -> str:
    """Return how a person is told whose a submission is, whatever they are.

    Staff of the course read the name, unless they assess it and it is not decided.
    """
    if is_name_hidden(session, submission, principal.person_id, now=now):
        return alias_of(submission, vault=vault)
    return submission.learner.display_name


def without_names(items: Sequence[ShownArtifact]) -> list[ShownArtifact]:
    """Return artifacts with a number for each file's name."""
    files = [(item.id, item.title) for item in items if item.kind is ArtifactKind.FILE]
    names = number_files(files)
    return [replace(item, title=names.get(item.id, item.title)) for item in items]

"""What the pages of those who assess show of the work itself."""

from app.assessment.anonymity import without_names
from app.assessment.blueprint import settings
from app.evidence.models import Attempt
from app.evidence.showing import ShownArtifact, describe_artifacts
from app.evidence.storage import open_storage


def describe_work(attempt: Attempt | None) -> list[ShownArtifact]:
    """Return the artifacts to show; where nobody is told whose they are, without file names."""
    if attempt is None:
        return []
    items = describe_artifacts(attempt, open_storage(settings()))
    is_anonymous = attempt.submission.assignment.version.is_anonymous
    return without_names(items) if is_anonymous else items

"""What the tests of scanning share."""

from app.core.clock import utcnow
from app.evidence.models import ScanState
from app.programme.administrators import appoint_administrator


def set_scanner(app, settings, address):
    app.extensions["assay.settings"] = settings.model_copy(update={"clamav": address})


def appoint(session, world):
    appoint_administrator(
        session,
        world.institution.id,
        person_id=world.instructor.id,
        actor="test",
        now=utcnow(),
    )


def addresses(artifact) -> list[str]:
    return [f"/files/artifacts/{artifact.id}", f"/files/artifacts/{artifact.id}?download=1"]


def statuses(client, artifact) -> set[int]:
    return {client.get(path, buffered=True).status_code for path in addresses(artifact)}


def states(artifacts) -> list[ScanState]:
    return [artifact.scan_state for artifact in artifacts]

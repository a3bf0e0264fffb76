"""A Souvenir that can be given, and the worker that awards what was asked."""

from app.awards.running import delivery_handlers
from app.outbox.worker import run_due
from app.programme.models import Level
from tests import factories
from tests.factories import NOON, SVG


def make_souvenir(session, world, *, slug="research-day", name="Research Day", **facts):
    """Make and commit an approved Souvenir that `world.grantor` may give."""
    level = Level(
        institution_id=world.institution.id,
        key=f"souvenir-{slug}",
        position=0,
        name="Souvenir",
        short_name="Souvenir",
        description="Participation.",
        needs_artifact=facts.pop("needs_artifact", False),
        shares_evidence=False,
        award_by=facts.pop("award_by", "request"),
        approval_route="light_request",
        achievement_type="Award",
        family="white",
        image_svg=SVG,
    )
    session.add(level)
    session.flush()
    version = factories.make_version(
        session, world.issuer, level, slug=slug, name=name, criteria=0, **facts
    )
    factories.appoint(session, world.grantor, version)
    session.commit()
    return version


def work_off(app, *, now=NOON, kinds=None):
    """Let the worker do what is due; return how many messages it tried."""
    with app.app_context():
        handlers = delivery_handlers(
            app.extensions["assay.vault"], "https://tool.test", clock=lambda: now
        )
        return run_due(handlers, clock=lambda: now, kinds=kinds or list(handlers))

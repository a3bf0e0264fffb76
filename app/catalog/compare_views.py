"""`/catalog/achievements/…/compare`: what changed between two versions."""

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from app.catalog.blueprint import bp
from app.catalog.comparing import compare as compare_contents
from app.catalog.list_views import seen_achievement
from app.catalog.models import AchievementVersion
from app.catalog.reading import read_content
from app.core.access import signed_in
from app.core.errors import NotFoundError

FIELD_WORDS = {
    "name": _l("Name"),
    "description": _l("Description"),
    "criteria_narrative": _l("What it takes to earn it"),
    "image_alt": _l("The picture in words"),
    "tags": _l("Tags"),
    "issuing_unit": _l("Issuing unit"),
    "kind": _l("When it is passed"),
    "k": _l("How many criteria in all"),
    "threshold": _l("Share of the weighted points, in per cent"),
    "parts": _l("The set"),
    "validity_months": _l("Months that an award is valid"),
    "renewal": _l("How it is renewed"),
    "grantors_needed": _l("How many grantors must agree"),
    "is_anonymous": _l("Assessed anonymously"),
    "is_required": _l("Required"),
    "weight": _l("Weight"),
    "required_level": _l("The lowest level that is enough"),
    "points": _l("Points"),
    "target_name": _l("Name"),
    "target_url": _l("Address"),
    "target_framework": _l("Framework"),
    "target_code": _l("Code"),
    "target_type": _l("Type"),
    "target_description": _l("Description"),
}


@bp.get("/catalog/achievements/<int:achievement_id>/compare")
@signed_in
def compare(achievement_id: int) -> str:
    """Show what changed from version `from` to version `to` (numbers; by default the last two)."""
    achievement, versions = seen_achievement(achievement_id)
    newest = versions[-1]
    later = _chosen(versions, "to", newest)
    before = [item for item in versions if item.number < later.number]
    earlier = _chosen(versions, "from", before[-1] if before else later)
    return render_template(
        "catalog/compare.html",
        achievement=achievement,
        versions=versions,
        earlier=earlier,
        later=later,
        difference=compare_contents(read_content(earlier), read_content(later)),
        words=FIELD_WORDS,
    )


def _chosen(
    versions: list[AchievementVersion], name: str, otherwise: AchievementVersion
) -> AchievementVersion:
    if not request.args.get(name):
        return otherwise
    number = request.args.get(name, type=int)
    found = next((item for item in versions if item.number == number), None)
    if found is None:
        raise NotFoundError("There is no such version of this achievement.")
    return found

"""The form of the page “The set”: the groups of a certificate's draft, as typed."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from flask_babel import lazy_gettext as _l
from wtforms import Form as PlainForm
from wtforms import FormField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from app.catalog.editing import number_or_text
from app.catalog.editor_forms import Rows, SectionForm, typed_line
from app.catalog.parts_offered import OfferedPart
from app.catalog.set_editing import MAX_GROUPS, MAX_PARTS, groups_of

ALL, SOME = "all", "some"


class PartFields(PlainForm):
    """One achievement of a group."""

    achievement = SelectField(_l("Achievement"), validate_choice=False)
    from_version = StringField(
        _l("From version"),
        description=_l("Left empty, every version counts."),
        filters=[typed_line],
    )
    versions = StringField(
        _l("These versions alone"),
        description=_l("Numbers with commas between them. Empty it to let others count."),
        filters=[typed_line],
    )

    def content(self) -> dict[str, Any]:
        """Return one part of the draft."""
        numbers = [number_or_text(text) for text in (self.versions.data or "").split(",")]
        said = {
            "from_version": number_or_text(self.from_version.data),
            "versions": [number for number in numbers if number is not None] or None,
        }
        return {"achievement": self.achievement.data or ""} | {
            name: value for name, value in said.items() if value is not None
        }


class GroupFields(PlainForm):
    """One group; `need` counts where `how` says so."""

    how = RadioField(
        _l("How many of these are needed"),
        choices=[
            SelectChoice(ALL, _l("All of them")),
            SelectChoice(SOME, _l("Any of them, in this number:")),
        ],
        validate_choice=False,
    )
    need = StringField(_l("Number"), filters=[typed_line])
    of = Rows(FormField(PartFields), max_entries=MAX_PARTS)

    def content(self) -> dict[str, Any]:
        """Return one group of the draft."""
        parts = [row.form.content() for row in self.of]
        if self.how.data != SOME:
            return {"of": parts}
        need = number_or_text(self.need.data)
        return {"need": "" if need is None else need, "of": parts}


class SetForm(SectionForm):
    """The set of a certificate."""

    parts = Rows(FormField(GroupFields), max_entries=MAX_GROUPS)

    def content(self) -> dict[str, Any]:
        """Return the section's field of the draft."""
        return {"parts": [row.form.content() for row in self.parts]}

    @classmethod
    def of(cls, draft: Mapping[str, Any], offered: Sequence[OfferedPart]) -> Self:
        """Build the form from a draft, or from what was sent, with what may be chosen."""
        form = cls(data={"parts": [_group_data(group) for group in groups_of(draft)]})
        names = {part.slug: f"{part.name} ({part.level_name})" for part in offered}
        for group in form.parts:
            for part in group.form.of:
                _offer(part.form.achievement, names)
        return form


def _offer(field: SelectField, names: Mapping[str, str]) -> None:
    choices = [SelectChoice("", _l("Choose …"))]
    choices += [SelectChoice(slug, name) for slug, name in names.items()]
    if field.data and field.data not in names:
        choices.append(SelectChoice(field.data, _l("%(slug)s – not to be had", slug=field.data)))
    field.choices = choices


def _group_data(group: Mapping[str, Any]) -> dict[str, Any]:
    need = group.get("need")
    return {
        "how": ALL if need is None else SOME,
        "need": "" if need is None else str(need),
        "of": [
            {
                "achievement": part.get("achievement"),
                "from_version": _shown(part.get("from_version")),
                "versions": ", ".join(str(number) for number in part.get("versions") or []),
            }
            for part in group["of"]
        ],
    }


def _shown(value: object) -> str:
    return "" if value is None else str(value)

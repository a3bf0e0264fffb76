"""The forms of a draft's skills: the search, and a skill typed by hand."""

from typing import Any

from flask_babel import lazy_gettext as _l
from pydantic import ValidationError as SpecError
from wtforms import Form as PlainForm
from wtforms import SelectField, StringField, SubmitField, TextAreaField

from app.catalog.document import AlignmentSpec
from app.catalog.editor_forms import SectionForm, typed_line, typed_lines
from app.programme.wording import list_problems


class SkillSearchForm(PlainForm):
    """What to look for among the imported skills."""

    q = StringField(_l("Words or code"), filters=[typed_line])
    framework = SelectField(_l("Framework"), validate_choice=False)


class SkillForm(SectionForm):
    """A skill that no imported framework has."""

    target_name = StringField(_l("Name of the skill"), filters=[typed_line])
    target_url = StringField(
        _l("Its web address"),
        description=_l("As https://example.edu/skills/42, where the skill is described."),
        filters=[typed_line],
    )
    target_framework = StringField(
        _l("Framework"),
        description=_l("Who keeps it, such as ESCO, O*NET or your own."),
        filters=[typed_line],
    )
    target_code = StringField(_l("Code"), filters=[typed_line])
    target_type = SelectField(_l("Type"), validate_choice=False)
    target_description = TextAreaField(_l("Description"), filters=[typed_lines])
    submit = SubmitField(_l("Add this skill"))

    def check(self) -> dict[str, Any] | None:
        """Return the skill as a draft keeps it; `None` if a field is wrong, which then says so."""
        names = AlignmentSpec.model_fields
        said = {name: self[name].data for name in names if self[name].data}
        try:
            spec = AlignmentSpec.model_validate(said)
        except SpecError as error:
            for path, words in list_problems(error):
                field = self[str(path[0])]
                field.errors = [f"{field.label.text}: {words}"]
            return None
        return spec.model_dump(mode="json", exclude_none=True)


# What a skill may be, as Open Badges 3.0 calls it, and in words.
TARGET_TYPE_WORDS = {
    "": _l("Not said"),
    "ext:ESCOSkill": _l("ESCO skill"),
    "ext:ONETElement": _l("O*NET element"),
    "ext:ONETWorkActivity": _l("O*NET work activity"),
    "ext:RSD": _l("Rich skill descriptor"),
    "ext:NACECompetency": _l("NACE competency"),
    "CFItem": _l("CASE item"),
    "CFRubric": _l("CASE rubric"),
    "CFRubricCriterion": _l("CASE rubric criterion"),
    "CFRubricCriterionLevel": _l("CASE rubric level"),
    "ceasn:Competency": _l("CTDL-ASN competency"),
    "ceterms:Credential": _l("CTDL credential"),
    "CTDL": _l("Another CTDL resource"),
}

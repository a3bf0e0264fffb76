"""The mapping form: what an assignment shows, wants, and reports to the gradebook."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.catalog.models import AchievementVersion
from app.core.forms import Form, strip
from app.mapping.artifact_kinds import KINDS
from app.mapping.models import GradeRule
from app.mapping.service import MAX_FILES, MAX_INSTRUCTIONS, MAX_TITLE, MappingFacts

DEFAULT_KINDS = ("pdf", "image")
DEFAULT_FILES = 3


def clean_lines(value: Any) -> Any:
    """Strip, use one kind of line end, and drop characters that show nothing."""
    if not isinstance(value, str):
        return value
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or char.isprintable()).strip()


class WordsForm(Form):
    """The words of an assignment; they may change at any time."""

    title = StringField(
        _l("Title"),
        filters=[strip],
        validators=[
            InputRequired(_l("Give the assignment a title")),
            Length(max=MAX_TITLE, message=_l("Keep the title under %(max)d characters")),
        ],
    )
    instructions = TextAreaField(
        _l("Instructions"),
        description=_l(
            "What students should do and hand in. Markdown works: **bold**, lists, links."
        ),
        filters=[clean_lines],
        validators=[
            Length(
                max=MAX_INSTRUCTIONS, message=_l("Keep the instructions under %(max)d characters")
            )
        ],
    )
    submit = SubmitField(_l("Save"))

    def validate_title(self, field: StringField) -> None:
        """Refuse a title whose characters show nothing."""
        field.data = "".join(char for char in field.data or "" if char.isprintable()).strip()
        if not field.data:
            raise ValueError(_("Give the assignment a title"))


class MappingForm(WordsForm):
    """Everything else is chosen once: criteria, artifacts, grade rule."""

    criteria = SelectMultipleField(
        _l("Criteria that this assignment shows"),
        coerce=int,
        validators=[InputRequired(_l("Choose at least one criterion"))],
        validate_choice=True,
    )
    file_kinds = SelectMultipleField(
        _l("Files"),
        description=_l("Leave all boxes empty if no file is wanted."),
        choices=[SelectChoice(kind.name, kind.label) for kind in KINDS.values()],
    )
    max_files = IntegerField(
        _l("How many files at most"),
        validators=[
            Optional(),
            NumberRange(0, MAX_FILES, _l("Give a number from %(min)d to %(max)d")),
        ],
    )
    accepts_link = BooleanField(
        _l("A link"), description=_l("To a page, a repository or a video on the web.")
    )
    accepts_text = BooleanField(
        _l("Text"), description=_l("Typed or pasted into the page: a reflection, a short answer.")
    )
    grade_rule = RadioField(
        _l("What the gradebook shows"),
        choices=[
            SelectChoice(GradeRule.RUBRIC.value, _l("By rubric")),
            SelectChoice(GradeRule.MET.value, _l("Met or not met")),
        ],
        default=GradeRule.RUBRIC.value,
        validators=[InputRequired(_l("Choose what the gradebook shows"))],
    )
    submit = SubmitField(_l("Set up the assignment"))

    @classmethod
    def for_version(cls, version: AchievementVersion, *, title: str) -> "MappingForm":
        """Build the form for one achievement version, with sensible choices made."""
        criterion_ids = [item.id for item in version.criteria]
        form = cls(
            data={
                "title": title,
                "criteria": criterion_ids,
                "file_kinds": list(DEFAULT_KINDS),
                "max_files": DEFAULT_FILES,
                "accepts_text": True,
            }
        )
        form.criteria.choices = [SelectChoice(str(item.id), item.name) for item in version.criteria]
        return form

    def validate_max_files(self, field: IntegerField) -> None:
        """Ask for a number where files are wanted, and for files where a number is given."""
        if self.file_kinds.data and not field.data:
            raise ValueError(_("Say how many files may be handed in, or choose no kind of file"))

    def validate_accepts_text(self, _field: BooleanField) -> None:
        """Refuse an assignment that takes nothing."""
        if not (self.file_kinds.data or self.accepts_link.data or self.accepts_text.data):
            raise ValueError(_("Say what is to be handed in: files, a link or text"))

    def facts(self, version_id: int) -> MappingFacts:
        """Return what was chosen; call it on a valid form."""
        kinds = list(self.file_kinds.data or ())
        return MappingFacts(
            version_id=version_id,
            criterion_ids=frozenset(self.criteria.data or ()),
            title=self.title.data,
            instructions=self.instructions.data or "",
            max_files=(self.max_files.data or 0) if kinds else 0,
            file_kinds=kinds,
            accepts_link=self.accepts_link.data,
            accepts_text=self.accepts_text.data,
            grade_rule=GradeRule(self.grade_rule.data),
        )


def grade_rule_hints(version: AchievementVersion) -> dict[str, str]:
    """Return each grade rule explained with this achievement's own numbers."""
    points = sum(item.max_points for item in version.criteria)
    criteria = ngettext("%(num)d criterion", "%(num)d criteria", len(version.criteria))
    return {
        GradeRule.RUBRIC.value: _(
            "The points of the rubric: up to %(points)d with all of %(criteria)s.",
            points=points,
            criteria=criteria,
        ),
        GradeRule.MET.value: _(
            "Full points (%(points)d with all of %(criteria)s) once the criteria are met, "
            "zero if they are finally not met.",
            points=points,
            criteria=criteria,
        ),
    }

"""The mapping form: what an assignment shows, wants, and reports to the gradebook."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from app.catalog.models import AchievementVersion
from app.core.forms import Form
from app.mapping.artifact_kinds import KINDS
from app.mapping.models import GradeRule
from app.mapping.schedule import DEFAULT_ZONE, list_zones, to_utc
from app.mapping.service import (
    MAX_FILE_MB,
    MAX_FILES,
    MAX_GROUP_SIZE,
    MAX_INSTRUCTIONS,
    MAX_STATEMENT,
    MAX_TITLE,
    MappingFacts,
)
from app.mapping.wording import clean_line, clean_lines, sum_in_words
from app.programme.rules import ALL_REQUIRED, K_OF_N, WEIGHTED

DEFAULT_KINDS = ("pdf", "image")
DEFAULT_FILES = 3
DEFAULT_STATEMENT = _l(
    "This is my own work. I have named every source and all help that I used, including tools that "
    "write or draw. I have left out what identifies other people, or have their permission."
)

DATES = ("opens_at", "due_at", "closes_at")
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
BAD_MOMENT = _l("Give day and time, such as 2026-12-18 23:59")

NOT_LISTED = _l("Choose from this list only; if that does not help, reload the page")
FILES_NUMBER = _l("Give a whole number from 1 to %(max)d", max=MAX_FILES)
GROUP_NUMBER = _l("Give a whole number from 1 to %(max)d", max=MAX_GROUP_SIZE)


class FileCount(IntegerField):
    """A number of files; an empty box means none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        if valuelist and not valuelist[0].strip():
            self.data = 0
        else:
            super().process_formdata(valuelist)


class GroupSize(IntegerField):
    """How many may work together; an empty box means each their own."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        if valuelist and not valuelist[0].strip():
            self.data = 1
        else:
            super().process_formdata(valuelist)


class StatementField(TextAreaField):
    """Words to be signed; a form that is sent without them asks for none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the words."""
        self.data = valuelist[0] if valuelist else ""


class WordsForm(Form):
    """The words of an assignment; they may change at any time."""

    title = StringField(
        _l("Title"),
        filters=[clean_line],
        validators=[
            DataRequired(_l("Give the assignment a title")),
            Length(max=MAX_TITLE, message=_l("Use at most %(max)d characters for the title")),
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
                max=MAX_INSTRUCTIONS,
                message=_l("Use at most %(max)d characters for the instructions"),
            )
        ],
    )
    submit = SubmitField(_l("Save"))


class MappingForm(WordsForm):
    """Everything else is chosen once: criteria, artifacts, grade rule."""

    criteria = SelectMultipleField(
        _l("Criteria that this assignment shows"),
        coerce=int,
        invalid_value_message=NOT_LISTED,
        invalid_choice_message=NOT_LISTED,
        validators=[InputRequired(_l("Choose at least one criterion"))],
    )
    file_kinds = SelectMultipleField(
        _l("Files"),
        description=_l("Leave all boxes empty if no file is wanted."),
        choices=[SelectChoice(kind.name, _l(kind.label)) for kind in KINDS.values()],
        invalid_choice_message=NOT_LISTED,
    )
    max_files = FileCount(
        _l("How many files at most"),
        description=_l("From 1 to %(max)d; it counts only if files are wanted.", max=MAX_FILES),
        invalid_value_message=FILES_NUMBER,
    )
    max_file_mb = IntegerField(
        _l("Largest file"),
        description=_l("Leave it empty to allow what this installation takes."),
        validators=[
            Optional(),
            NumberRange(
                1, MAX_FILE_MB, message=_l("Give a whole number from 1 to %(max)d", max=MAX_FILE_MB)
            ),
        ],
    )
    is_by_criterion = BooleanField(
        _l("Artifacts per criterion"),
        description=_l(
            "The page then has a section for each criterion, with files, links and a text of its "
            "own; a grantor can ask to have only some of them revised."
        ),
    )
    accepts_link = BooleanField(
        _l("A link"), description=_l("To a page, a repository or a video on the web.")
    )
    accepts_text = BooleanField(
        _l("Text"), description=_l("Typed or pasted into the page: a reflection, a short answer.")
    )
    statement = StatementField(
        _l("Work statement"),
        description=_l("Students sign it when they hand in. Empty it to ask for nothing."),
        filters=[clean_lines],
        validators=[
            Length(
                max=MAX_STATEMENT,
                message=_l("Use at most %(max)d characters for the statement"),
            )
        ],
    )
    max_group_size = GroupSize(
        _l("Work in groups of up to"),
        description=_l(
            "1 if each hands in their own. A group hands in one work; each of its members is told "
            "and awarded by themselves."
        ),
        default=1,
        invalid_value_message=GROUP_NUMBER,
        validators=[NumberRange(1, MAX_GROUP_SIZE, message=GROUP_NUMBER)],
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
    def for_version(cls, version: AchievementVersion, *, title: str) -> Self:
        """Build the form for one achievement version, with sensible choices made."""
        criterion_ids = [item.id for item in version.criteria]
        form = cls(
            data={
                "title": title,
                "criteria": criterion_ids,
                "file_kinds": list(DEFAULT_KINDS),
                "max_files": DEFAULT_FILES,
                "accepts_text": True,
                "statement": str(DEFAULT_STATEMENT),
            }
        )
        form.criteria.choices = [SelectChoice(str(item.id), item.name) for item in version.criteria]
        return form

    def validate_max_files(self, field: FileCount) -> None:
        """Ask for a sensible number where files are wanted."""
        wanted = bool(self.file_kinds.data)
        if field.data is not None and not wanted <= field.data <= MAX_FILES:
            raise ValidationError(FILES_NUMBER)

    def validate_file_kinds(self, field: SelectMultipleField) -> None:
        """Refuse an assignment that takes nothing."""
        if not (field.data or self.accepts_link.data or self.accepts_text.data):
            raise ValidationError(_("Say what is to be handed in: files, a link or text"))

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
            is_by_criterion=self.is_by_criterion.data,
            max_file_mb=self.max_file_mb.data if kinds else None,
            statement=self.statement.data or "",
            max_group_size=self.max_group_size.data,
        )


class DeepLinkForm(MappingForm):
    """A new activity that the LMS is about to add: its dates go along."""

    moments: dict[str, Any]

    opens_at = DateTimeLocalField(
        _l("Opens"),
        format=MOMENT_FORMATS,
        invalid_value_message=BAD_MOMENT,
        validators=[Optional()],
    )
    due_at = DateTimeLocalField(
        _l("Due"), format=MOMENT_FORMATS, invalid_value_message=BAD_MOMENT, validators=[Optional()]
    )
    closes_at = DateTimeLocalField(
        _l("Closes"),
        format=MOMENT_FORMATS,
        invalid_value_message=BAD_MOMENT,
        validators=[Optional()],
    )
    time_zone = SelectField(
        _l("Time zone of these dates"),
        choices=[SelectChoice(zone, zone.replace("_", " ")) for zone in list_zones()],
        invalid_choice_message=NOT_LISTED,
        default=DEFAULT_ZONE,
    )

    @classmethod
    def for_version(cls, version: AchievementVersion, *, title: str) -> Self:
        """Build the form; until a zone is chosen, a script may propose the reader's own."""
        form = super().for_version(version, title=title)
        if not form.is_submitted():
            form.time_zone.render_kw = {"data-own-zone": ""}
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then whether the dates make sense together."""
        if not super().validate(extra_validators):
            return False
        self.moments = {}
        for name in DATES:
            field = self[name]
            try:
                self.moments[name] = to_utc(field.data, self.time_zone.data) if field.data else None
            except ValueError:
                field.errors = [_("There is no such time in this zone: the clocks skip it")]
        known = [(name, self.moments[name]) for name in DATES if self.moments.get(name)]
        for (_earlier, before), (name, after) in pairwise(known):
            if after < before:
                self[name].errors = [_("Put the dates in order: opens, due, closes")]
        return not self.errors

    def facts(self, version_id: int) -> MappingFacts:
        """Return what was chosen, with the dates; call it on a valid form."""
        return replace(super().facts(version_id), **self.moments)


def grade_rule_hints(version: AchievementVersion) -> dict[str, str]:
    """Return each grade rule explained with this achievement's own numbers."""
    points = [item.max_points for item in version.criteria]
    facts = {
        "points": sum(points),
        "criteria": ngettext("%(num)d criterion", "%(num)d criteria", len(points)),
        "sum": sum_in_words(points),
    }
    return {
        GradeRule.RUBRIC.value: _(
            "The points that the grantor’s rating earns. Up to %(points)d with all of "
            "%(criteria)s: %(sum)s.",
            **facts,
        ),
        GradeRule.MET.value: _(
            "All or nothing: %(points)d with all of %(criteria)s once the work meets them, "
            "0 if it finally does not.",
            **facts,
        ),
    }


def criterion_hints(version: AchievementVersion) -> dict[str, str]:
    """Return what each criterion asks for, and whether an award can do without it."""
    words = {
        ALL_REQUIRED: _("Not required for the award."),
        K_OF_N: _("One of those to choose from."),
        WEIGHTED: _("Not required by itself; its points count."),
    }
    optional = words[version.rule.kind]
    return {
        str(item.id): item.description if item.is_required else f"{item.description} {optional}"
        for item in version.criteria
    }


def file_kind_hints() -> dict[str, str]:
    """Return the file types behind each plain name that stands for several."""
    return {
        kind.name: ", ".join(kind.extensions) for kind in KINDS.values() if len(kind.extensions) > 1
    }

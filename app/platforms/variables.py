"""What Assay asks an LMS to fill in with each launch: the names of its custom parameters. Pure.

A registration asks for them once; a deep-linked activity asks again, because an LMS
may keep only the activity's own. One that does not know a variable sends it back as it
is written, which counts as no value.
Source: LTI 1.3 core, appendix B.
"""

LINK_HISTORY_KEY = "assay_link_history"
CONTEXT_HISTORY_KEY = "assay_course_history"
CANVAS_HISTORY_KEY = "assay_canvas_course_history"
OPENS_KEY = "assay_opens"
DUE_KEY = "assay_due"
CLOSES_KEY = "assay_closes"
TIME_ZONE_KEY = "assay_time_zone"

VARIABLES: dict[str, str] = {
    LINK_HISTORY_KEY: "$ResourceLink.id.history",
    CONTEXT_HISTORY_KEY: "$Context.id.history",
    OPENS_KEY: "$ResourceLink.available.startDateTime",
    DUE_KEY: "$ResourceLink.submission.endDateTime",
    CLOSES_KEY: "$ResourceLink.available.endDateTime",
    TIME_ZONE_KEY: "$Person.address.timezone",
}
# Older Canvas knows no `$Context.id.history`, but has its own word for it.
# Source: Canvas, “Variable substitutions” (doc/api/tools_variable_substitutions.md).
CANVAS_VARIABLES: dict[str, str] = {
    CANVAS_HISTORY_KEY: "$Canvas.course.previousContextIds.recursive",
}

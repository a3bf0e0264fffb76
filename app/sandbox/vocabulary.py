"""The names that LTI gives to claims, scopes, media types and roles."""

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"

NOTICE_SERVICE_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/platformnotificationservice"
PLACEMENT_CLAIM = "https://www.instructure.com/placement"
BRIGHTSPACE_CLAIM = "http://www.brightspace.com"
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
CANVAS_SUBMISSION_TYPE = "https://canvas.instructure.com/lti/submission_type"

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINK = "LtiDeepLinkingRequest"
DEEP_LINK_RESPONSE = "LtiDeepLinkingResponse"
SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"

LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEM_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
RESULT_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEMBERSHIP_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICE_HANDLERS = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
AGS_SCOPES = (LINE_ITEM, LINE_ITEM_READ, RESULT_READ, SCORE)
ALLOWED_SCOPES = (*AGS_SCOPES, MEMBERSHIP_READ, NOTICE_HANDLERS)

LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
MEMBERSHIPS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTRUCTOR = f"{MEMBERSHIP}#Instructor"
LEARNER = f"{MEMBERSHIP}#Learner"
TEACHING_ASSISTANT = f"{MEMBERSHIP}/Instructor#TeachingAssistant"
GRADER = f"{MEMBERSHIP}/Instructor#Grader"
CONTENT_DEVELOPER = f"{MEMBERSHIP}#ContentDeveloper"
MENTOR = f"{MEMBERSHIP}#Mentor"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"
INSTITUTION_ADMINISTRATOR = f"{INSTITUTION}#Administrator"
SYSTEM_ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"
SYSTEM_USER = "http://purl.imsglobal.org/vocab/lis/v2/system/person#User"

HELLO_NOTICE = "LtiHelloWorldNotice"
COPY_NOTICE = "LtiContextCopyNotice"
NOTICE_TYPES = (HELLO_NOTICE, COPY_NOTICE)

# Where the tool is opened to choose something, by the names that Canvas gives them.
ASSIGNMENT_PLACEMENT = "assignment_selection"
EDITOR_PLACEMENT = "editor_button"
HOMEWORK_PLACEMENT = "homework_submission"

ACTIVITY_PROGRESS = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
FULLY_GRADED = "FullyGraded"
GRADING_PROGRESS = (FULLY_GRADED, "Pending", "PendingManual", "Failed", "NotReady")

CLIENT_CREDENTIALS = "client_credentials"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

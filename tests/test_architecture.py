"""What import-linter cannot say about the house."""

import re
import subprocess
import tomllib
from pathlib import Path

import grimp
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.access import access_table
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 350
STAFF = "designer instructor teaching_assistant"
EVERYBODY = "designer grader instructor learner none observer teaching_assistant"

# Who may call what: the whole site on one page. `grantor`, `reviewer` (or an administrator),
# `administrator` and `signed in` say who comes in;
# for which submission or artifact, the services decide.
ACCESS = {
    "approval.attach": "signed in",
    "approval.begin": "reviewer",
    "approval.begin_in_course": "instructor",
    "approval.change": "reviewer",
    "approval.change_in_course": "instructor",
    "approval.close": "reviewer",
    "approval.document": "signed in",
    "approval.edit": "signed in",
    "approval.end_reviewer": "administrator",
    "approval.every": "administrator",
    "approval.fulfil": "reviewer",
    "approval.own": "signed in",
    "approval.of_version": "signed in",
    "approval.propose": "signed in",
    "approval.register": "administrator",
    "approval.remove": "signed in",
    "approval.review": "reviewer",
    "approval.reviewers": "administrator",
    "approval.reviews": "reviewer",
    "approval.show": "signed in",
    "approval.submit": "signed in",
    "approval.withdraw": "signed in",
    "assessment.assess": "grantor",
    "assessment.feedback": "learner",
    "assessment.overview": STAFF,
    "assessment.queue": "grantor",
    "assessment.read": STAFF,
    "assessment.start": "grantor",
    "assessment.status_column_off": STAFF,
    "assessment.status_column_on": STAFF,
    "awards.award_certificate": "administrator",
    "awards.certificate": "administrator",
    "awards.certificates": "administrator",
    "awards.path": "signed in",
    "awards.batch": "signed in",
    "awards.batch_progress": "signed in",
    "awards.batch_results": "signed in",
    "awards.claim": "signed in",
    "awards.claim_here": "public",
    "awards.code": "signed in",
    "awards.code_picture": "signed in",
    "awards.code_poster": "signed in",
    "awards.code_uses": "signed in",
    "awards.course_souvenirs": "designer grader instructor teaching_assistant",
    "awards.give": "signed in",
    "awards.give_in_course": "designer grader instructor teaching_assistant",
    "awards.make_code": "signed in",
    "awards.make_code_in_course": "designer grader instructor teaching_assistant",
    "awards.mine": "signed in",
    "awards.pause_code": "signed in",
    "awards.revoke_all": "administrator",
    "awards.revoke_one": "administrator",
    "awards.souvenirs": "signed in",
    "awards.start": "signed in",
    "awards.stop": "signed in",
    "awards.stop_code": "signed in",
    "bootstrap.static": "public",
    "catalog.achievements": "signed in",
    "catalog.add_skill": "signed in",
    "catalog.add_skill_by_hand": "signed in",
    "catalog.begin": "administrator",
    "catalog.bring_back": "administrator",
    "catalog.compare": "signed in",
    "catalog.confirm_import": "administrator",
    "catalog.delete": "signed in",
    "catalog.edit_criteria": "signed in",
    "catalog.edit_passing": "signed in",
    "catalog.edit_skills": "signed in",
    "catalog.edit_validity": "signed in",
    "catalog.edit_version": "signed in",
    "catalog.export": "administrator",
    "catalog.export_one": "signed in",
    "catalog.give_up": "administrator",
    "catalog.import_file": "administrator",
    "catalog.preview": "signed in",
    "catalog.remove_skill": "signed in",
    "catalog.retire": "administrator",
    "catalog.show": "signed in",
    "catalog.show_import": "administrator",
    "catalog.show_version": "signed in",
    "catalog.skills": "administrator",
    "catalog.start_version": "administrator",
    "catalog.change_picture": "signed in",
    "catalog.drawn_file": "signed in",
    "catalog.picture": "signed in",
    "catalog.picture_file": "signed in",
    "courses.refresh_roster": STAFF,
    "evidence.artifact": "signed in",
    "evidence.content": "signed in",
    "evidence.hand_in": "learner",
    "evidence.page": "signed in",
    "evidence.work": "designer grader instructor learner teaching_assistant",
    "launch.continue_launch": "public",
    "launch.cookies": "public",
    "launch.cookies_seen": "public",
    "launch.cookies_try": "public",
    "launch.course_home": EVERYBODY,
    "launch.approve_deployment": "administrator",
    "launch.block_deployment": "administrator",
    "launch.achievement": EVERYBODY,
    "launch.deep_link_cancel": "designer instructor learner teaching_assistant",
    "launch.hand_over": "learner",
    "launch.handed_over": "learner",
    "launch.handed_over_file": "public",
    "launch.jwks": "public",
    "launch.launch": "public",
    "launch.ask_erasure": "signed in",
    "launch.login": "public",
    "launch.privacy": "signed in",
    "launch.privacy_export": "signed in",
    "launch.erase": "administrator",
    "launch.erasure_requests": "administrator",
    "launch.self_test": "administrator",
    "launch.test_deployment": "administrator",
    "launch.notices": "public",
    "launch.offer_link": STAFF,
    "launch.offer_links": STAFF,
    "launch.portfolio": "learner",
    "launch.selection": STAFF,
    "launch.welcome": EVERYBODY,
    "mapping.change_choice": STAFF,
    "mapping.choose_for_deep_link": STAFF,
    "mapping.configure": STAFF,
    "mapping.confirm_copied": STAFF,
    "mapping.copied": STAFF,
    "mapping.configure_for_deep_link": STAFF,
    "mapping.edit": STAFF,
    "mapping.setup": STAFF,
    "mapping.undo": STAFF,
    "mapping.use_candidate": STAFF,
    "passback.compare": STAFF,
    "passback.remake": STAFF,
    "passback.replace": STAFF,
    "passback.resend": STAFF,
    "passback.resend_failed": STAFF,
    "passback.status": "designer instructor learner teaching_assistant",
    "platforms.add": "administrator",
    "platforms.approve": "administrator",
    "platforms.canvas": "public",
    "platforms.closed": "public",
    "platforms.connect": "administrator",
    "platforms.disable": "administrator",
    "platforms.edit": "administrator",
    "platforms.enable": "administrator",
    "platforms.invitations": "administrator",
    "platforms.keys": "administrator",
    "platforms.overview": "administrator",
    "platforms.platform_jwks": "public",
    "platforms.privacy": "public",
    "platforms.register": "public",
    "platforms.registered": "public",
    "platforms.show": "administrator",
    "platforms.terms": "public",
    "platforms.withdraw": "administrator",
    "staff.accounts": "administrator",
    "staff.administrators": "administrator",
    "staff.appoint": "administrator",
    "staff.callback": "public",
    "staff.confirm_same": "signed in",
    "staff.deny_same": "signed in",
    "staff.end_administrator": "administrator",
    "staff.end_grantor": "administrator",
    "staff.enter_code": "signed in",
    "staff.grantor": "administrator",
    "staff.grantors": "administrator",
    "staff.grantors_csv": "administrator",
    "staff.home": "signed in",
    "staff.invite": "administrator",
    "staff.merged": "administrator",
    "staff.my_appointments": "signed in",
    "staff.same_person": "signed in",
    "staff.show_code": "signed in",
    "staff.sign_in": "public",
    "staff.sign_out": "signed in",
    "staff.signed_out": "public",
    "staff.untie": "administrator",
    "staff.withdraw": "administrator",
    "public.achievement": "public",
    "public.achievement_image": "public",
    "public.achievement_image_png": "public",
    "public.achievement_json": "public",
    "public.award": "public",
    "public.award_json": "public",
    "public.did": "public",
    "public.healthz": "public",
    "public.home": "public",
    "public.issuer": "public",
    "public.issuer_json": "public",
    "static": "public",
}


def test_the_access_table_is_this_one(app):
    assert access_table(app) == ACCESS


def test_a_stranger_gets_in_nowhere_but_through_public_doors(app, browser):
    stranger = browser()
    for rule in app.url_map.iter_rules():
        if ACCESS[rule.endpoint] == "public":
            continue
        address = re.sub(r"<(int:)?\w+>", "1", rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            page = stranger.open(address, method=method)
            assert page.status_code == 401, f"{method} {address}"


def test_views_and_forms_are_private_to_their_room():
    graph = grimp.build_graph("app")
    strangers = [
        (importer, module)
        for module in graph.modules
        if module.endswith((".views", ".forms", "_views")) and not module.startswith("app.core")
        for importer in graph.find_modules_that_directly_import(module)
        if importer.split(".")[1] != module.split(".")[1]
    ]
    assert strangers == []


def test_no_file_outgrows_its_reader():
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "templates/*"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = [name for name in listed.stdout.split() if not name.startswith("migrations/versions")]
    long = {
        name: lines
        for name in files
        if (ROOT / name).exists()
        and (lines := len((ROOT / name).read_text().splitlines())) > MAX_LINES
    }
    assert files
    assert long == {}


def test_every_page_extends_a_layout_and_has_a_title():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        folder, name = path.relative_to(ROOT / "templates").parts[-2:]
        if name.startswith("_") or folder in {"layouts", "macros", "sandbox"}:
            continue
        text = path.read_text()
        assert '{% extends "layouts/' in text, path
        assert "{% block title %}" in text, path


def test_every_setting_is_in_the_readmes_table():
    readme = (ROOT / "README.md").read_text()
    for name in Settings.model_fields:
        assert f"`ASSAY_{name.upper()}`" in readme, name


def test_every_room_is_on_the_readmes_map():
    readme = (ROOT / "README.md").read_text()
    for room in sorted((ROOT / "app").iterdir()):
        if (room / "__init__.py").exists():
            assert f"`{room.name}`" in readme, room.name


def test_migrations_have_one_head_and_it_is_pinned():
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    script = ScriptDirectory.from_config(config)

    pinned = (ROOT / "migrations" / ".current-head").read_text().strip()
    assert script.get_heads() == [pinned]
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        assert re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", path.name), path


def test_migrations_go_up_down_and_up_and_leave_nothing_to_do(app):
    runner = app.test_cli_runner()
    # The test's database was made from the models; the migrations begin with an empty one.
    with app.app_context():
        from app.core.db import db
        from app.core.orm import Base

        Base.metadata.drop_all(db.engine)
    for command in (["upgrade"], ["check"], ["downgrade", "--", "-1"], ["upgrade"], ["check"]):
        result = runner.invoke(args=["db", *command])
        assert result.exit_code == 0, (command, result.output, result.exception)


def test_no_get_view_but_login_opens_a_transaction():
    """A page view changes nothing: `transaction()` stands only behind a POST."""
    for path in sorted((ROOT / "app").rglob("*views.py")):
        for match in re.finditer(
            r"@bp\.(?:route|get)\((?P<route>[^\n]*)\)\n(?:@[^\n]*\n)*def (?P<name>\w+)(?P<body>.*?)"
            r"(?=\n@bp\.|\ndef |\Z)",
            path.read_text(),
            re.DOTALL,
        ):
            if "POST" in match["route"]:
                continue
            if (path.name, match["name"]) == ("sign_in_views.py", "callback"):
                continue  # the campus sends its answer by GET; the login is used up with it
            assert "transaction()" not in match["body"], f"{path.name}: {match['name']}"


def test_the_lock_files_name_no_address_and_pin_with_hashes():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        packages = re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)
        assert len(packages) <= text.count("--hash=sha256:"), name
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = (ROOT / "requirements.lock").read_text().lower()
    for requirement in wanted:
        package = re.split(r"[\[<>=]", requirement)[0].lower()
        assert f"\n{package}" in f"\n{locked}", requirement


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("base_url", "http://assay.example.edu", "https"),
        ("base_url", "https://assay.example.edu/path", "only scheme"),
        ("base_url", "assay", "whole address"),
        ("secret_key", "short", "at least 32"),
        ("database_url", "mysql://x", "sqlite:/// or postgresql://"),
        ("max_upload_mb", "0", "greater than or equal to 1"),
        ("trusted_proxies", "not an address", "not an address"),
        ("oidc_issuer", "https://login.example.edu", "belong together"),
        ("oidc_issuer", "http://login.example.edu", "use https"),
        ("oidc_scopes", "email", "must name openid"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(monkeypatch, setting, value, words):
    from app.settings import SettingsError, load_settings

    monkeypatch.setenv("ASSAY_BASE_URL", "https://assay.example.edu")
    monkeypatch.setenv("ASSAY_SECRET_KEY", "k" * 40)
    load_settings()
    monkeypatch.setenv(f"ASSAY_{setting.upper()}", value)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert f"ASSAY_{setting.upper()}" in refused.value.message
    assert words in refused.value.message
    if setting == "secret_key":
        assert "short" not in refused.value.message

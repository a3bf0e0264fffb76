"""What import-linter cannot say about the house."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.access import access_table
from app.settings import Settings
from tests.access_table import ACCESS

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 350


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


def test_no_benchmark_has_the_name_of_a_module_of_the_library():
    """A script's folder comes first on its path: `queue.py` there broke every other benchmark."""
    assert {path.stem for path in (ROOT / "bench").glob("*.py")} & sys.stdlib_module_names == set()


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
        ("storage_url", "https://bucket.example.edu", "s3://bucket"),
        ("storage_url", "s3://bucket/../other", "s3://bucket"),
        ("storage_url", "s3://bucket", "ASSAY_S3_KEY_ID and ASSAY_S3_SECRET"),
        ("s3_endpoint", "http://s3.example.edu", "use https"),
        ("s3_endpoint", "https://s3.example.edu/bucket", "only scheme"),
        ("s3_endpoint", "s3.example.edu", "whole address"),
        ("clamav", "localhost", "host:port"),
        ("clamav", "localhost:99999", "host:port"),
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

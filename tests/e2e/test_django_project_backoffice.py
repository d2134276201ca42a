"""docs/backoffice.md, "In a Django project of your own", word for word: in a project as Django itself begins one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "backoffice.md"
TITLE = "## In a Django project of your own\n"
VISIT = """
import re
import django
django.setup()
from django.apps import apps
from django.contrib.auth import get_user_model
from django.test import Client

assert not apps.is_installed("allauth")
people = get_user_model()
people.objects.create_superuser("root", password="a-good-password-9")
visitor = Client(headers={"host": "localhost"})

signing_in = visitor.get("/marketplaces/", follow=True)
assert signing_in.status_code == 200, signing_in
assert "Sign in" in signing_in.text
path = signing_in.request["PATH_INFO"]
inside = visitor.post(path, {"username": "root", "password": "a-good-password-9"}, follow=True)
assert inside.redirect_chain[0] == ("/marketplaces/", 302), inside.redirect_chain
assert inside.status_code == 200, inside

page = "/marketplaces/people/"
invited = visitor.post(f"{page}new/", {"username": "claire", "active": "on", "role": "merchant"})
link = re.search("/marketplaces/invitation/[^<]+", invited.text)[0]
chosen = {"new_password1": "a-good-password-8", "new_password2": "a-good-password-8"}
assert Client(headers={"host": "localhost"}).post(link, chosen)["Location"] == "/accounts/login/"
assert people.objects.get(username="claire").check_password("a-good-password-8")
assert visitor.post("/marketplaces/sign-out/")["Location"] == "/accounts/login/"
"""


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"DJANGO_SETTINGS_MODULE": "project.settings"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Django's own beginning, with the page's settings and addresses in it."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "project", tmp_path], check=True, timeout=60)
    _before, _title, section = PAGE.read_text("utf-8").partition(TITLE)
    settings, addresses, *_more = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    with (tmp_path / "project" / "settings.py").open("a") as file:
        file.write(f"\n{settings}")
    (tmp_path / "project" / "urls.py").write_text(addresses)
    return tmp_path


def test_the_back_office_runs_without_allauth(project: Path) -> None:
    """Somebody signs in as the project has it, and invites a person."""
    assert "no issues" in run(project, "manage.py", "check")
    run(project, "manage.py", "migrate", "--verbosity=0")
    run(project, "-c", VISIT)

"""An invitation that is mailed to the person instead of handed over: the link is in the mail, and nowhere else."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pytest_django import Settings

from sfsync.backoffice.kit import invitations
from sfsync.models import Act
from tests.backoffice.conftest import link_in
from tests.pages import text

NEW = {"username": "paul", "email": "paul@example.com", "active": "on", "role": "merchant", "mail": ""}
OTHERS = {"new_password1": "another-password-9", "new_password2": "another-password-9"}
PASSWORDS = {"new_password1": "a-good-password-9", "new_password2": "a-good-password-9"}


def mailed() -> str:
    """The path of the link in the only mail."""
    [sent] = mail.outbox
    assert sent.to == ["paul@example.com"]
    found = re.search(r"http://testserver(/invitation/\S+)", str(sent.body))
    assert found
    return found[1]


@pytest.mark.parametrize(("language", "subject"), [("en", "Your invitation"), ("fr", "Votre invitation")])
def test_a_mailed_link_works_once_and_is_not_shown(administrator: Client, language: str, subject: str) -> None:
    """In the language of who invites. It is on record."""
    spoken = {"accept-language": language}
    page = text(administrator.post("/people/new/", NEW, follow=True, headers=spoken))
    assert "paul@example.com" in page
    assert "/invitation/" not in page
    assert mail.outbox[0].subject == f"{subject} {'to' if language == 'en' else 'sur'} sfsync"
    link = mailed()
    assert Client().post(link, PASSWORDS)["Location"] == "/sign-in/"
    assert Client().get(link).status_code == 410
    assert Act.objects.filter(what="link-mailed", details={"person": "paul"}).count() == 1


def test_a_new_link_is_mailed_too_and_ends_the_one_before(administrator: Client) -> None:
    administrator.post("/people/new/", NEW)
    first = mailed()
    mail.outbox.clear()
    administrator.post(f"/people/{User.objects.get(username='paul').pk}/link/", {"mail": ""})
    assert (Client().get(first).status_code, Client().get(mailed()).status_code) == (410, 200)


def test_of_two_who_use_a_link_at_once_one_has_chosen(db: None) -> None:
    """Both saw the form when the link was fresh."""
    paul = User.objects.create_user("paul")
    secret = invitations.invite(paul)
    first, second = (SetPasswordForm(invitations.invited(secret), PASSWORDS | each) for each in ({}, OTHERS))
    assert first.is_valid()
    assert second.is_valid()
    assert [invitations.use(secret, form.save) for form in (first, second)] == [True, False]
    assert User.objects.get().check_password(PASSWORDS["new_password1"])


def test_the_mail_names_the_address_that_is_set(administrator: Client, settings: Settings) -> None:
    settings.SFSYNC = settings.SFSYNC | {"url": "https://sync.example.com"}
    administrator.post("/people/new/", NEW)
    assert "https://sync.example.com/invitation/" in str(mail.outbox[0].body)


@pytest.mark.parametrize(
    ("backend", "address", "sentence"),
    [
        ("sfsync.notify.smtp.NoServer", "paul@example.com", "No mail server is set."),
        ("django.core.mail.backends.locmem.EmailBackend", "", "This person has no email address."),
    ],
)
def test_a_link_that_cannot_be_mailed_is_shown_with_the_reason(
    administrator: Client, settings: Settings, backend: str, address: str, sentence: str
) -> None:
    settings.EMAIL_BACKEND = backend
    page = administrator.post("/people/new/", NEW | {"email": address})
    assert f"The invitation could not be sent by email. {sentence}" in re.sub("<[^>]+>", "", text(page))
    assert Client().get(link_in(page)).status_code == 200
    assert not Act.objects.filter(what="link-mailed").exists()

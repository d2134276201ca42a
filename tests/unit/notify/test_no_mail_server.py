"""A deployment without a mail server keeps its mails and says what is missing (R20)."""

from __future__ import annotations

import pytest
from django.core.mail import get_connection
from django.utils import translation
from pydantic import SecretStr
from pytest_django import Settings

from sfsync.notify.digest import compose
from sfsync.notify.smtp import NoMailServerError
from sfsync_server.derived import mail
from sfsync_server.environment import Environment
from tests.notices import a_store, about_order


@pytest.fixture
def unset(settings: Settings) -> None:
    """The mail settings of an environment without `SFSYNC_SMTP_URL`."""
    for name, value in mail(Environment(smtp_url=SecretStr(""))).items():
        setattr(settings, name, value)


@pytest.mark.parametrize(("language", "sentence"), [("en", "No mail server is set."), ("fr", "Aucun serveur")])
def test_sending_says_which_setting_is_missing(unset: None, language: str, sentence: str) -> None:
    store = a_store()
    with translation.override(language), pytest.raises(OSError, match="SFSYNC_SMTP_URL") as caught:
        compose(store, [about_order(store, "no-tracking")]).send()

    assert isinstance(caught.value, NoMailServerError)
    assert str(caught.value).startswith(sentence)


def test_a_caller_who_wants_silence_hears_that_nothing_was_sent(unset: None) -> None:
    store = a_store()
    connection = get_connection(fail_silently=True)

    assert connection.send_messages([compose(store, [about_order(store, "no-tracking")])]) == 0


def test_nothing_to_send_needs_no_server(unset: None) -> None:
    assert get_connection().send_messages([]) == 0

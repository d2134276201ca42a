"""What a store's settings may be is what the client takes."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from sfsync.models import validators
from shoppingfeed import Client
from tests.unit.client.scripted import ScriptedTransport

TEXT = st.text(alphabet=st.characters(max_codepoint=0x100), max_size=12)


def allowed(rule: object, value: str) -> bool:
    assert callable(rule)
    try:
        rule(value)
    except ValidationError:
        return False
    return True


@given(TEXT)
@example("abc def")
@example("abc\n")
@example("jeton-é")
def test_a_token_that_is_allowed_makes_a_client(token: str) -> None:
    if token and allowed(validators.token, token):
        Client(token, transport=ScriptedTransport())


@given(TEXT)
@example("?x=1")
@example("#there")
@example(":0x1")
@example(" v1")
def test_an_api_address_that_is_allowed_makes_a_client(rest: str) -> None:
    address = f"https://api.example.com{rest}"
    if allowed(validators.api_url, address):
        Client("token", base_url=address, transport=ScriptedTransport())


@pytest.mark.parametrize("wrong", ["abc def", "abc\n", "jeton-é", "\x00"])
def test_a_token_that_no_header_carries_is_refused_without_showing_it(wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validators.token(wrong)
    assert refused.value.messages == ["The token has spaces or characters that no token has: copy it again."]


@pytest.mark.parametrize("wrong", ["https://h/?x=1", "https://h/#x", "https://u:p@h/", "https://h/a b", "https://é.fr"])
def test_an_api_address_that_the_client_refuses_is_refused(wrong: str) -> None:
    assert not allowed(validators.api_url, wrong)

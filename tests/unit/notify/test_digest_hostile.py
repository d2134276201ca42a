"""References, tracking numbers and API messages are written by strangers: they must stay text in every mail (R20)."""

from __future__ import annotations

import unicodedata
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.notify.digest import compose
from sfsync.notify.plain import one_line
from tests.notices import Page, a_store, about_order, about_store, html_of, page_of

NASTY = [
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    '"\' onmouseover=alert(1) x="',
    "&lt;b&gt; &amp; &#x202e;",
    "first\r\nBcc: everybody@example.com\r\n\r\nbody",
    "\u202egnp.exe\u2066\u200f\u200b",
    "{{ store.token }} {% include 'x' %}",
    "%(message)s %s %",
    "nul\x00 bell\x07 esc\x1b[31m",
    "half \ud800 pair",
    "line\u2028para\u2029next\x85",
    "x" * 5000,
    "\U0001f4e6 Straße العربية",
]
hostile = st.text(max_size=60) | st.sampled_from(NASTY) | st.builds("{}{}".format, st.text(), st.sampled_from(NASTY))
visible = hostile.filter(lambda text: bool(one_line(text, 50)))


def unseen(text: str) -> set[str]:
    """Characters that a reader cannot see, or that reorder what he sees."""
    return {each for each in text if unicodedata.category(each) in {"Cc", "Cf", "Cs"}} - {"\n"}


@given(visible, visible, visible, visible)
def test_no_text_becomes_markup(reference: str, channel: str, shop_reference: str, message: str) -> None:
    """The mail about hostile texts has the elements of the mail about plain ones, and shows what they say."""
    store = a_store()

    def page(reference: str, channel: str, shop_reference: str, message: str) -> Page:
        order = {"reference": reference, "channel": channel, "shop_reference": shop_reference}
        failed = about_order(store, "ticket-failed", {"message": message}, **order)
        return page_of(compose(store, [failed, about_store(store, "crashed", message)]))

    shown, plain = page(reference, channel, shop_reference, message), page("A", "B", "C", "D")

    assert shown.tags == plain.tags
    assert shown.attributes == plain.attributes
    assert one_line(reference, 120) in shown.text
    assert one_line(message, 400)[:399].rstrip(".") in shown.text


@given(hostile, hostile)
def test_nothing_unseen_gets_through(reference: str, message: str) -> None:
    """No control, no bidirectional mark, no zero width, in either form and in the subject."""
    store = a_store(name=reference)
    failed = about_order(store, "ignored", {"message": message, "operation": message}, reference=reference)

    mail = compose(store, [failed])

    assert unseen(str(mail.body)) == set()
    assert unseen(html_of(mail)) == set()
    assert unseen(str(mail.subject)) == set()
    assert "\n" not in mail.subject


@given(hostile)
def test_no_text_becomes_a_header_or_a_line_of_its_own(text: str) -> None:
    store = a_store(name=text)
    failed = about_order(store, "request-refused", {"message": text}, reference=text, channel=text, shop_reference=text)
    calm = a_store(name="calm")

    mail = compose(store, [failed])
    usual = compose(calm, [about_order(calm, "request-refused", {"message": "calm"})])

    sent = message_from_bytes(mail.message().as_bytes())
    assert set(sent.keys()) == set(usual.message().keys())
    assert len(str(mail.body).splitlines()) == len(str(usual.body).splitlines())


@pytest.mark.parametrize("text", NASTY)
def test_hostile_texts_can_be_encoded_and_sent(text: str) -> None:
    """Half a surrogate pair would stop the encoder, and with it every later mail of the store."""
    store = a_store(language="fr")
    failed = about_order(store, "no-feed-id", {"message": text}, reference=text, channel=text, shop_reference=text)

    mail = compose(store, [failed])

    sent = message_from_bytes(mail.message().as_bytes(), policy=policy.default)
    assert [part.get_content() for part in sent.iter_parts()] == [mail.body, html_of(mail)]

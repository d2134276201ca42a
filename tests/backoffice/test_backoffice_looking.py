"""Overview, processes, log, marketplaces, diagnostics, languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from sfsync.db.secrets import Secret
from sfsync.domain.marketplaces import marketplace
from sfsync.engine.watch.health import scheduler_sign
from sfsync.models import Action, DayFigure, LogEntry, Notice, Process, Store, Task
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import text

Committed = Callable[..., AbstractContextManager[Any]]


def test_the_overview_says_it_in_words(shop: World, merchant: Client) -> None:
    assert "No sync has run yet." in text(merchant.get("/stores/main/"))
    orders = [shop.ship(shop.order(), f"T-{n}") for n in range(3)]
    shop.sync()
    assert "3 updates are pending or awaiting confirmation." in text(merchant.get("/stores/main/"))
    shop.sync(wait=10)
    page = text(merchant.get("/stores/main/"))
    assert "All 3 of today's updates are confirmed." in page
    assert re.search(r"<tr><th scope=\"row\">[^<]+</th><td class=\"number\">3</td><td class=\"number\">0</td>", page)
    assert len(orders) == 3


def test_a_silent_scheduler_is_an_alarm(shop: World, merchant: Client) -> None:
    """R22: nobody must find out from the marketplace that nothing was sent."""
    shop.sync()
    Process.objects.update(finished_at=shop.now() - timedelta(hours=5))
    page = text(merchant.get("/stores/main/"))
    assert "No sync has finished since" in page
    assert "start one now" in page


def planned(page: str) -> list[str]:
    """What stands under "Next sync", or "Next one"."""
    found = re.findall(r"<dt>Next (?:sync|one)</dt><dd class=\"words\">(.*?)</dd>", page, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", each).strip() for each in found]


def test_the_next_run_is_shown_where_something_will_start_it(shop: World, merchant: Client) -> None:
    """R22: a crontab gives no sign, so that without a service nobody here knows when."""
    shop.sync()
    pages = ("/stores/main/", "/stores/main/processes/")
    for url in pages:
        assert planned(text(merchant.get(url))) == ["not scheduled"]
    assert "No automatic sync is set up." in text(merchant.get(pages[1]))
    scheduler_sign("service", shop.now())
    for url in pages:
        assert re.search(r"\d\d:\d\d", *planned(text(merchant.get(url))))
    assert "No automatic sync is set up." not in text(merchant.get(pages[1]))
    Store.objects.update(mode="realtime")
    for url in pages:
        assert planned(text(merchant.get(url))) == ["in real time"]


def test_a_store_that_is_switched_off_has_no_next_run(shop: World, merchant: Client) -> None:
    """R22."""
    shop.sync()
    scheduler_sign("service", shop.now())
    Store.objects.update(enabled=False)
    page = text(merchant.get("/stores/main/processes/"))
    assert planned(page) == ["not scheduled"]
    assert "This store is switched off: nothing is sent." in page


def test_run_now_runs(shop: World, merchant: Client, django_capture_on_commit_callbacks: Committed) -> None:
    """R22: a person can run it now."""
    order = shop.ship(shop.order(), "TRK-1")
    assert "not yet" in text(merchant.get("/stores/main/processes/"))
    with django_capture_on_commit_callbacks(execute=True):
        page = text(merchant.post("/stores/main/processes/run/", follow=True))
    assert "Sync queued." in page
    assert shop.accepted(order) == [("ship", "TRK-1")]
    page = text(merchant.get("/stores/main/processes/"))
    assert "succeeded last time" in page
    assert "1 update sent" in page


def test_a_run_under_way_is_seen_and_followed(shop: World, merchant: Client) -> None:
    """R22: who holds the lock, and live progress."""
    until = shop.now() + timedelta(hours=1)
    Process.objects.create(
        store=shop.store,
        holder="x",
        host="machine-7",
        pid=4711,
        lease_until=until,
        progress="send",
        started_at=shop.now(),
    )
    page = text(merchant.get("/stores/main/processes/"))
    assert "sending…" in page
    assert "machine-7, process 4711" in page
    assert 'hx-trigger="every 1s"' in page
    part = text(merchant.get("/stores/main/processes/", headers={"hx-request": "true"}))
    assert part.lstrip().startswith('<div id="processes"')


def test_an_order_says_that_its_store_is_held_up(shop: World, merchant: Client) -> None:
    """R21: an order that waits, and one that needs a person, in a store whose token is refused."""
    shop.sandbox.fault(Fault("wrong-token", times=None))
    waiting, parked = shop.ship(shop.order(), "T-1"), shop.ship(shop.order())
    shop.sync()
    failed = {"action": Action.ASIDE, "failure": "no-tracking", "failed_at": shop.now()}
    Task.objects.filter(order=shop.row(parked).marketplace_order).update(**failed)
    said = [merchant.get(f"/stores/main/orders/{order}/").content.decode() for order in (waiting, parked)]
    assert "Its store is blocked: Shopping Feed refused the token." in said[0]
    assert "held up" not in said[1]


def test_a_troubled_run_says_what_to_do(shop: World, merchant: Client) -> None:
    shop.sandbox.fault(Fault("wrong-token", times=None))
    shop.ship(shop.order(), "T1")
    shop.sync()
    page = text(merchant.get("/stores/main/processes/"))
    assert "Shopping Feed refused the token." in page
    assert "Enter a valid token" in page


@pytest.fixture
def busy(shop: World) -> World:
    order = shop.ship(shop.order(), "TRK-1")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message="carrier unknown"))
    shop.ship(shop.order(), "TRK-2")
    shop.sync(wait=10)
    return shop


def lines(page: str) -> int:
    return page.count('class="moment"')


def test_the_log_filters_by_level_order_text_and_date(busy: World, merchant: Client) -> None:
    """R21: searchable."""

    def shown(**query: object) -> str:
        return text(merchant.get("/stores/main/log/", query))

    everything = lines(shown())
    errors = shown(level="40")
    assert 0 < lines(errors) < everything
    assert "carrier unknown" in errors
    order = busy.shop.order_ids()[1]
    assert 0 < lines(shown(order=order)) < everything
    assert lines(shown(text="carrier unknown")) == 1
    assert "newest 20,000 entries" in shown(text="x") or "newest 20000 entries" in shown(text="x")
    assert lines(shown(since="2000-01-01", until="2999-01-01")) == everything
    assert "No matching entries." in shown(since="2998-01-01")
    assert "No matching entries." in shown(until="2000-01-01")
    assert lines(shown(process="person")) == 0


def test_the_log_exports_what_was_chosen(busy: World, merchant: Client) -> None:
    answer: Any = merchant.get("/stores/main/log/export/?level=40")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[0] == "When,Level,Who,Order,What happened"
    assert len(rows) == 1 + LogEntry.objects.filter(level=40).count()


def test_marketplaces_show_what_they_did_lately(busy: World, merchant: Client) -> None:
    figures = DayFigure.objects.filter(store=busy.store)
    assert [(each.confirmed, each.failed) for each in figures] == [(1, 1)]
    page = text(merchant.get("/stores/main/marketplaces/"))
    assert f"<bdi>{marketplace(figures[0].channel)}</bdi>" in page
    assert "50%" in page
    assert "Mirakl-powered" in page


def test_diagnostics_name_what_is_wrong_and_hold_no_secret(
    shop: World, merchant: Client, administrator: Client
) -> None:
    shop.store.recipients = []
    shop.store.save()
    page = text(merchant.get("/stores/main/diagnostics/"))
    assert "Nobody receives alerts about failing orders." in page
    assert "[ok] main: shop: PrestaShop 8.2.1" in page
    shop.store.shop_secrets = {"url": "mysql+pymysql://reader:hunter2secret@127.0.0.1:1/shop"}
    shop.store.save()
    page = text(administrator.get("/diagnostics/"))
    assert "[wrong] main: shop" in page
    assert "hunter2secret" not in page
    assert "sandbox-token" not in page


def test_mails_are_part_of_an_orders_story(busy: World, merchant: Client) -> None:
    notice = Notice.objects.filter(order__isnull=False).first()
    assert notice is not None
    Notice.objects.filter(pk=notice.pk).update(mailed_at=busy.now())
    assert notice.order is not None
    page = text(merchant.get(f"/stores/main/orders/{notice.order.shop_order.key}/"))
    happened = re.findall(r'<p class="moment">.*?datetime="([^"]+)".*?<div><p>(.*?)</p>', page)
    assert "Email alert sent." in [sentence for _at, sentence in happened]
    assert [at for at, _sentence in happened] == sorted(at for at, _sentence in happened)


def test_a_date_is_written_as_the_reader_writes_it(busy: World, sign_in: Callable[..., Client]) -> None:
    Process.objects.update(started_at=datetime(2024, 11, 21, 12, 0, tzinfo=UTC))
    for language, written in (("en", "21 Nov 2024"), ("fr", "21 nov. 2024")):
        page = text(sign_in(f"reader-{language}", busy.store, language=language).get("/stores/main/processes/"))
        assert written in page


FRENCH = {
    "/stores/main/": ("Vue d’ensemble", "Commandes à traiter"),
    "/stores/main/orders/": ("Numéro de suivi", "Commandes sélectionnées"),
    "/stores/main/log/": ("Ce qui s’est passé",),
    "/stores/main/processes/": ("Synchroniser maintenant",),
    "/stores/main/marketplaces/": ("Délai de confirmation",),
    "/stores/main/settings/": ("Vérifier les changements", "Statut dans la boutique"),
    "/stores/main/settings/sending/": ("Expédier sans numéro de suivi",),
    "/stores/main/settings/mails/": ("Destinataires",),
    "/stores/main/settings/connection/": ("Tester les connexions",),
    "/stores/main/settings/history/": ("Aucun changement",),
    "/stores/main/diagnostics/": ("Copier le rapport",),
    "/account/password/": ("Changer le mot de passe",),
}
ENGLISH = re.compile(r"\b(the|orders?|shop|with|of|is|are|settings?|nothing|your)\b", re.IGNORECASE)
NAMES = re.compile(r"RealShop|<textarea.*?</textarea>", re.DOTALL)


@pytest.mark.parametrize("url", sorted(FRENCH))
def test_a_french_page_is_french_all_through(busy: World, sign_in: Callable[..., Client], url: str) -> None:
    client = sign_in("jeanne", busy.store, language="fr")
    page = text(client.get(url))
    assert '<html lang="fr">' in page
    for sentence in FRENCH[url]:
        assert sentence in page
    body = re.sub(r"<(script|style).*?</\1>", "", page.split("<body>")[1], flags=re.DOTALL)
    words = re.sub(r"<[^>]*>", " ", NAMES.sub("", body)).replace("carrier unknown", "")
    assert ENGLISH.findall(words) == [], ENGLISH.search(words)


AWAY = {
    "/stores/main/": "La boutique ne répond pas.",
    "/stores/main/orders/": "La boutique ne répond pas.",
    "/stores/main/log/": "La boutique ne répond pas.",
    "/stores/main/processes/": "La boutique ne répond pas.",
    "/stores/main/settings/": "La boutique ne répond pas.",
    "/stores/main/settings/sending/": "La boutique ne répond pas.",
    "/stores/main/diagnostics/": "Shopping Feed a refusé la clé d’API.",
    "/stores/main/settings/connection/test/": "Shopping Feed a refusé la clé d’API.",
}


@pytest.mark.parametrize("url", sorted(AWAY))
def test_a_trouble_is_said_in_french_with_the_technical_detail_folded_up(
    busy: World, sign_in: Callable[..., Client], url: str
) -> None:
    """R20: what a program said in English is there for the administrator who helps, closed. That a token is
    refused, a merchant is told too."""
    helps = not url.endswith("/test/")
    Store.objects.update(
        shop_secrets={"url": "mysql+pymysql://reader:pw@127.0.0.1:1/shop"}, token=Secret("wrong-token-12345")
    )
    busy.sync(store=Store.objects.get())
    client = sign_in("jeanne", busy.store, language="fr", administrator=helps)
    page = text(client.get(url) if helps else client.post(url))
    assert AWAY[url] in page
    folded = re.findall(r'<details class="technical">.*?</details>', page, re.DOTALL)
    assert any("does not answer" in each or "Not Authorized" in each for each in folded)
    assert all("Message d’origine" in each for each in folded)
    rest = re.sub(r'<details class="technical">.*?</details>', "", page.split("<body>")[1], flags=re.DOTALL)
    words = re.sub(r"<[^>]*>", " ", NAMES.sub("", rest)).replace("carrier unknown", "")
    assert ENGLISH.findall(words) == [], ENGLISH.search(words)


def test_an_error_page_is_in_the_readers_language(sign_in: Callable[..., Client]) -> None:
    assert "Page introuvable" in sign_in("a", language="fr").get("/stores/none/").content.decode()
    assert "Page not found" in sign_in("b", language="en").get("/stores/none/").content.decode()
    assert "Accès refusé" in sign_in("c", language="fr").get("/people/").content.decode()


def test_the_language_is_switched_by_a_button_and_kept(shop: World, merchant: Client) -> None:
    assert merchant.post("/language/", {"language": "fr", "next": "/stores/main/"})["Location"] == "/stores/main/"
    assert "Vue d’ensemble" in text(merchant.get("/stores/main/"))


def test_somebody_without_a_store_is_told_so(sign_in: Callable[..., Client]) -> None:
    assert "You have no access to any store yet." in text(sign_in("new").get("/"))

"""Every stored secret at once, on whichever database the run is for."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from sfsync.db.stored_secrets import StoredSecrets
from sfsync.models import Store
from sfsync.testing import World

FIRST, SECOND = "the-first-key-of-twenty-characters", "the-second-key-of-twenty-characters"


@pytest.fixture
def store(settings: Any, world: World) -> Store:
    """Its three secrets are encrypted with the first key; the second one is the key now."""
    settings.SFSYNC_SECRET_KEYS = lambda: [FIRST]
    Store.objects.all().delete()
    store: Store = Store.objects.create(
        name="a", feed_store_id=1, token="token", shop_secrets={"url": "sqlite:///x"}, bridge_secret="bridge"
    )
    settings.SFSYNC_SECRET_KEYS = lambda: [SECOND, FIRST]
    return store


def needed() -> list[bool]:
    with transaction.atomic():
        secrets = StoredSecrets()
        return [secrets.need(key) for key in (FIRST, SECOND)]


def test_they_need_the_key_that_encrypted_them_until_they_are_encrypted_again(store: Store) -> None:
    assert needed() == [True, False]
    with transaction.atomic():
        assert StoredSecrets().encrypt_again() == 3
    assert needed() == [False, True]


def test_what_the_keys_of_another_machine_do_not_open_is_named(store: Store, settings: Any) -> None:
    with transaction.atomic():
        assert StoredSecrets().unreadable() == []
        settings.SFSYNC_SECRET_KEYS = lambda: [SECOND]
        assert StoredSecrets().unreadable() == [store]


def test_one_secret_alone_keeps_its_key(store: Store) -> None:
    """The store's other two were written since."""
    row = Store.objects.get()
    row.token.reveal()
    row.bridge_secret.reveal()
    row.save()
    assert needed() == [True, True]

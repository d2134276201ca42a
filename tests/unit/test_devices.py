"""A session's browser and system, as their owner calls them."""

from __future__ import annotations

import pytest
from django.utils import translation

from sfsync.guard.devices import device

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(("user_agent", "words"), [
    (f"{WINDOWS} {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
    (f"{WINDOWS} {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
    (f"{WINDOWS} {WEBKIT} Chrome/141.0.0.0 Safari/537.36 OPR/122.0.0.0", "Opera on Windows"),
    (f"{WINDOWS[:-1]}; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Windows"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Linux"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        "Samsung Internet on Android",
    ),
    (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/26.0 Safari/605.1.15", "Safari on macOS"),
    (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6) {APPLE} CriOS/141.0 Safari/604.1", "Chrome on iPhone"),
    (f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {APPLE} FxiOS/144.0 Safari/605.1.15", "Firefox on iPad"),
    ("curl/8.14.1", "curl/8.14.1"),
    ("", ""),
])  # fmt: skip
def test_a_session_is_named_by_its_browser_and_its_system(user_agent: str, words: str) -> None:
    assert device(user_agent) == words


def test_it_is_named_in_the_readers_language() -> None:
    with translation.override("fr"):
        assert device("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0") == "Firefox sur Linux"

"""A file of stores that names a carrier which the shop does not have (R26)."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sfsync.engine.kit.connections import Live
from sfsync.models import Store
from sfsync.shops.base import OpenShop
from sfsync.testing import World
from sfsync_server.cli import app
from sfsync_server.stores_file import StoresFileError, apply

FILE = """
[stores.{name}]
token = "sandbox-token"
store_id = {number}
api_url = "https://sandbox.invalid"
[stores.{name}.shop]
url = "{url}"
[stores.{name}.statuses]
shipped = [4]
[stores.{name}.carriers.amazon]
{carriers}
"""


def applied(world: World, folder: Path, carriers: str, *, url: str = "", name: str = "main") -> tuple[int, str]:
    """Status and output of `sfsync apply`, without line breaks."""
    file, number = folder / "stores.toml", 10 if name == "main" else 11
    file.write_text(FILE.format(name=name, number=number, url=url or world.shop.url, carriers=carriers))
    done = CliRunner().invoke(app, ["apply", str(file)])
    return done.exit_code, " ".join(done.output.split())


def test_a_carrier_that_the_shop_does_not_have_is_refused(world: World, tmp_path: Path) -> None:
    """R26: with a sentence, and nothing is changed; for a store that is new, too."""
    for name in ("main", "second"):
        status, said = applied(world, tmp_path, '2 = "DPD"\n987 = "GLS"', name=name)
        assert status == 2
        assert f"stores.{name}.carriers: The shop has no carrier 987" in said
    assert Store.objects.get().carriers == {}


def test_carriers_that_the_shop_has_are_taken(world: World, tmp_path: Path) -> None:
    """R26."""
    status, said = applied(world, tmp_path, '2 = "DPD"')
    assert (status, Store.objects.get().carriers) == (0, {"amazon": {"2": "DPD"}})
    assert "could not be asked" not in said


def test_a_carrier_may_be_given_by_its_name(world: World, tmp_path: Path) -> None:
    """R26: where one alone has it; the key is kept, and the same file changes nothing."""
    status, said = applied(world, tmp_path, '"My carrier" = "DPD"')
    assert (status, Store.objects.get().carriers) == (0, {"amazon": {"2": "DPD"}}), said
    assert "main: unchanged" in applied(world, tmp_path, '"My carrier" = "DPD"')[1]


@pytest.mark.parametrize("carriers", ['"My carier" = "DPD"', '2 = "GLS"\n"My carrier" = "DPD"'])
def test_a_name_that_is_no_carriers_is_refused_with_those_that_are(world: World, tmp_path: Path, carriers: str) -> None:
    """R26: or is that of one with an entry already; once, and what else is wrong is said too."""
    status, said = applied(world, tmp_path, carriers + '\n3 = "GLS"\n987 = "UPS"')
    assert status == 2
    assert said.count("is neither a carrier's number nor the name of exactly one") == 1
    assert "The shop has 1 Click and collect, 2 My carrier," in said
    assert "The shop has no carrier 987" in said


@pytest.mark.parametrize("again", [False, True])
def test_a_shop_that_cannot_be_asked_keeps_nobody_from_saving(world: World, tmp_path: Path, again: bool) -> None:
    """R26: it is said, unless nothing about the carriers is new."""
    url = f"sqlite:///{tmp_path / 'nowhere' / 'shop.sqlite3'}"
    Store.objects.update(carriers={"amazon": {"987": "GLS"}} if again else {})
    status, said = applied(world, tmp_path, '987 = "GLS"', url=url)
    assert (status, Store.objects.get().carriers) == (0, {"amazon": {"987": "GLS"}})
    assert ("the shop could not be asked whether it has these carriers" in said) is not again


class Nobody(Live):
    """Asks nobody."""

    def shop(self, store: Store) -> OpenShop:
        raise AssertionError(f"{store.shop_identity} was asked")


def test_no_other_host_is_asked_with_a_secret_that_was_kept(db: None, tmp_path: Path) -> None:
    """A file that moves the shop's address, and gives no new key, is refused before anybody is asked."""
    file = tmp_path / "stores.toml"
    shop = '[stores.main.shop]\nconnection = "webservice"\nurl = "https://shop.example/"\n'
    file.write_text(f'[stores.main]\nstore_id = 10\ntoken = "sandbox-token"\n{shop}key = "{"K" * 32}"\n')
    apply(file, who="jane", connections=Nobody())
    moved = shop.replace("shop.example", "other.example")
    file.write_text(f'[stores.main]\nstore_id = 10\n{moved}[stores.main.carriers.amazon]\n4 = "DPD"\n')
    with pytest.raises(StoresFileError, match="was given for another address"):
        apply(file, who="jane", connections=Nobody())

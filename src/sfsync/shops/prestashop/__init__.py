"""PrestaShop, read through its database."""

from sfsync.shops.prestashop.problems import Misconfigured, Unavailable
from sfsync.shops.prestashop.shop import PrestaShop

__all__ = ["Misconfigured", "PrestaShop", "Unavailable"]

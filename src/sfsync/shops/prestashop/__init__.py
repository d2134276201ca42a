"""PrestaShop, read through its database."""

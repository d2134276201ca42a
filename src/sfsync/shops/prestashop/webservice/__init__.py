"""A PrestaShop of which nothing is known but its address and a key of its web service (1.6 to 9)."""

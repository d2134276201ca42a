"""A small module for the shop's PrestaShop, which tells of touched orders at once: written out as a zip."""

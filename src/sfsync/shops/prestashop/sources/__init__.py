"""How a PrestaShop's database tells what has changed: one file per source, in the order in which they are followed."""

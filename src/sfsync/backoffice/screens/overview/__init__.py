"""The page of one store, and of all of them."""

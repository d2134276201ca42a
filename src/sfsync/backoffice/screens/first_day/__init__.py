"""The first day in the browser: a store set up step by step, each answer tried at once."""

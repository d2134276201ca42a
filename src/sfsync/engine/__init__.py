"""One store's sync, step by step. `run` chains the steps, `due` says whose turn it is; the rooms hold the steps."""

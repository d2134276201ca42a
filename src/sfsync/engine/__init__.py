"""One verb a file: detect, claim, prepare, send, ask, settle, notify; reap and prune. `run` chains them."""

"""From a saved change to the marketplace's answer: claim, prepare, send, ask, settle, conclude."""

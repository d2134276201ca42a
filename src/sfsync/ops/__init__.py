"""Pages for machines: health, readiness, metrics, and the address that a scheduler calls."""

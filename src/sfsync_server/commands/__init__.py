"""The commands of `sfsync`, by what they are for. Each module registers its own; models are imported when one runs."""

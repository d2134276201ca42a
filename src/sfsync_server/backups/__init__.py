"""A backup of sfsync's own database: one file, made while everything runs, and put back whole or not at all."""

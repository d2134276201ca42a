"""Tests against the real API. They only read, and are collected only where a token is given."""

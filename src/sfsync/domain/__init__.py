"""The rules, pure: no framework, no input or output; the time is always an argument."""

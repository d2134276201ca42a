"""The merchant's back office: one room a screen. Mount it with `include("sfsync.backoffice.urls")`."""

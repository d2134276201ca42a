"""`python -m sfsync_server`: the `sfsync` command, wherever its console script is."""

from sfsync_server.cli import main

main()

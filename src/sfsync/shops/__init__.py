"""Where orders live: one folder a kind of shop, all with the contract of `sfsync.shops.base`."""

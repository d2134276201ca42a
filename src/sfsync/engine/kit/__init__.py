"""What every step works with: the lease, the journal, the connections, the clock."""

"""What models are built with: bulk statements, loading, secrets, the identity of a process."""

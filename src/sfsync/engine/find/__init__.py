"""Notice what changed in the shop, and save it before anything is sent."""

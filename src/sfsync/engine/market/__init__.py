"""What the marketplaces say by themselves (R32, R33): compared with what we told them, and kept until it has gone."""

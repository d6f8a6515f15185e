"""Ways to share traffic between two versions, all with the same face."""

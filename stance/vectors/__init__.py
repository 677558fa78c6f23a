"""Records in, vectors out: what counts once, its sums by source, target and period, intervals."""

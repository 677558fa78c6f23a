"""Documents and a model in, records out: mentions to pairs, pairs to predictions."""

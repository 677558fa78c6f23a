"""Evidence in, turns out: when a stance changed, tested; and the shifts that sentences state."""

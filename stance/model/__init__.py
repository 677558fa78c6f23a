"""A model folder in, its network out: sentences as token ids to logits."""

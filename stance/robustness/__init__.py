"""Labelled pairs and a model in, checks out: do its answers follow the text."""

"""Labelled pairs and a model in, scores with intervals out; any common format is read."""

"""Labelled pairs in, a model folder out: train, calibrate, export, describe."""

"""Sentences in, mentions of actors out: found by table and rules, resolved, never guessed."""

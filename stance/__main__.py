"""`python -m stance` is the command line."""

from stance.cli import app

app(prog_name="stance")

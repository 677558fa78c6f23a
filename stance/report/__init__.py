"""Records, vectors, turns and scores in, what people read out: figures, pages, terminal text."""

"""Other libraries' objects in, theirs out: data frames, scikit-learn, spaCy, transformers."""

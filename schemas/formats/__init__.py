"""How the rows of a file are read as text: CSV, JSONL, Parquet."""

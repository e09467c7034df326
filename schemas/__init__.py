"""What data looks like: one contract a file, the source mappings, and how batches travel."""

from schemas import coder as coder  # registers the Arrow coder for every process that imports us

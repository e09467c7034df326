"""`python -m pipeline` is the same program as `staunen`."""

from pipeline.cli import main

main()

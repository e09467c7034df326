"""What runs in which order: config, the graph, run, publish, the command line."""

import logging
import os

# Beam and transformers warn on import of optional libraries that are not there, torch among them. Without any handler
# that lands on the screen of whoever asked for a table.
logging.getLogger().addHandler(logging.NullHandler())
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")

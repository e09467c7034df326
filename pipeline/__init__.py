"""What runs in which order: config, the graph, run, publish, the command line."""

import logging

# Beam warns on import of optional libraries that are not there; without any handler that lands on the screen.
logging.getLogger().addHandler(logging.NullHandler())

"""How an export is laid out: presets, the rules that a YAML file holds, and how it is read."""

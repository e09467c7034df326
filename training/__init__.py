"""How models/default came to be: prepare, train, calibrate, export, verify, evaluate."""

"""Sample exports with a known true effect: customers, their complaints, and what they did afterwards."""

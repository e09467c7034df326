"""Arithmetic on whole columns that several transforms share."""

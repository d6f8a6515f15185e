"""Rows that come along, and how they were made."""

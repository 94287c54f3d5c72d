"""Payers, what they cover, and what is claimed from them."""

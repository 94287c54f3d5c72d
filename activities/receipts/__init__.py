"""Receipts: what stands on one, drawn as a PDF, and mailed; the edge shows and prints the same."""

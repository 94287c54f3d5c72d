"""`careconnect verify`: the laws of the data, checked from outside, each by its own question."""

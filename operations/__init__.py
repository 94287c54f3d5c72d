"""What an operator runs against a whole instance."""

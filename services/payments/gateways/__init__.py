"""The outside systems that move card money, behind one protocol."""

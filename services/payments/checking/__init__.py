"""Money checks: each page of the gateway's list and of our own books is compared in one question to Postgres.

What is found is an orphan: money of which one side knows what the other does not. Every step may be repeated; an
orphan is noted once per kind and subject, however many checks see it.
"""

"""What the consultants service asks its database, and what the database's objections mean."""

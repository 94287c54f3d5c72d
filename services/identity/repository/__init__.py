"""What the identity service asks its database, and what the database's objections mean."""

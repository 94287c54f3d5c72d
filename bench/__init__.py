"""Every claim about speed as a command: `careconnect bench [NAME]`, against a running instance on this machine."""

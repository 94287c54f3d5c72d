"""How money is collected and returned: ask the gateway while no transaction is open, then write once what it answered.

Each step carries an idempotency key made of our own ids, so a step that died is repeated and finds what it did.
"""

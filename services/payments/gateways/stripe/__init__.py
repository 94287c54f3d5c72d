"""Stripe, through its own SDK: payment intents with manual capture, refunds, events.

Card numbers go from the cardholder's browser to Stripe; what comes here is the id of a payment method.
"""

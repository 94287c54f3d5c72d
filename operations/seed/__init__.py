"""`careconnect seed`: the demo clinic, and as many appointments as a measurement needs."""

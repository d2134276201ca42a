"""The cost of an order, and the floor: what any program that sends the same payloads would pay (`make bench`)."""

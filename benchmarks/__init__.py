"""The cost of an order, beside the floor: what any program that sends the same payloads would pay (`make bench`)."""

"""Telling the merchant (R20): the digest mail, and what stands in where no mail server is set."""

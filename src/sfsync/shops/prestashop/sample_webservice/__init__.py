"""A PrestaShop's web service for tests and the sandbox, made of the tables of a sample shop."""

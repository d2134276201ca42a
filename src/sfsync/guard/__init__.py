"""Signing in with django-allauth: second factors, sessions, a company's own provider. The product has it on; a Django
project may, and signs people in its own way otherwise."""

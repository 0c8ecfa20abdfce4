"""Gunicorn's door: `gunicorn wsgi:app`, settings from the environment."""

from assess.app import wsgi

app = wsgi()

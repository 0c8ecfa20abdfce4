"""Assess: a secure online assessment service."""

__version__ = "0.1.0"

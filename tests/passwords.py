"""Passwords of tests: hashed as the desk's are, by the same library, but at the least cost instead of a quarter second."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


def hash_quickly() -> None:
    """For this process; hashes say how they were made, so another process can check them."""
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1

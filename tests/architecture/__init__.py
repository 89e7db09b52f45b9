"""What is expensive to change later, kept true: rooms, packages, purity, names of events."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("actors", "config", "http", "projections", "store")
"""The top-level folders that are installed."""

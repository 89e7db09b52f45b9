"""Executions: which targets are called when something happens."""

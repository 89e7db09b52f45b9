"""The commands beside start: one module each, light to import."""

"""The shell around the pure domain: actors that gather facts, decide, append, then change."""

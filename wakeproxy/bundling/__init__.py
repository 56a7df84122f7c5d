"""Zips for Lambda: what a handler imports and nothing else, compiled, byte for byte the same from the same sources."""

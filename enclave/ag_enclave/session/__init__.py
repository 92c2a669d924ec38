"""Sessions: their processes, their lives, and what they said. Knows no HTTP and no accounts."""

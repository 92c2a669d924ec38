"""The plan: inert words shared by guest and vault, and their codec. Knows nothing of either side."""

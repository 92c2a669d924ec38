"""The guest's process: a cell's life, its namespace, what it shows and exports. Knows no row: it holds handles only."""

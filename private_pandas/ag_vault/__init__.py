"""The trusted answerer: everything that touches rows, budget or noise. Its map is README.md, its promise GUARANTEE.md."""

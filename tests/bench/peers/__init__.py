"""The same questions, data and ε to other libraries of differential privacy: `make peers`. Each library runs in a venv of its own."""

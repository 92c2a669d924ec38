"""Mechanisms: one file each, with its proof. They know exact integers, sensitivities and a noise source; no plan, no SQL."""

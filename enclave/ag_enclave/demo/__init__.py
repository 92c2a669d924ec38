"""The demo data: real sets that ship with scikit-learn, and a clinic made up with a fixed seed. All of it is public."""

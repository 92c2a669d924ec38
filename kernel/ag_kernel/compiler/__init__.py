"""From a cell's text to code that may run, or to all that is wrong with it."""

"""The mapper: runs programs of the plan on one row's values at a time, in a process of its own."""

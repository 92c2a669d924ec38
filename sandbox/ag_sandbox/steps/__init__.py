"""The steps of the jail, one file per noun of the kernel. Each has one function, ``apply``; none knows its neighbours."""

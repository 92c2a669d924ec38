"""The command line, one file per noun. Knows the rooms' doors, not what is behind them."""

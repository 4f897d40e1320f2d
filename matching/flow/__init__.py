"""The problem as a flow in a tree of limits: levels, residual networks, and the prices that follow."""

"""Which outputs and capacities may meet, at what distance and cost, and the parts that share no limit."""

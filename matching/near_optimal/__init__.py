"""Plans for little more than the optimum that travel less, share the load or need fewer partners."""

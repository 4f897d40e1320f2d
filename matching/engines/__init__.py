"""Finding an optimal plan of a part: min-cost flow, column generation, linear and mixed-integer programs."""

-- One row per node with children x root above it: steps along the shortest path (a root is 0 steps from itself).
{{ root_distances_walked() }}

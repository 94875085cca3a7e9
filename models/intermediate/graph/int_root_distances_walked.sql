-- One row per node with children x root above it: steps along the shortest way (a root is 0 steps from itself).
{{ root_distances_walked() }}

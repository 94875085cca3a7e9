-- One row per node with children and a root above: steps to the nearest root, and the first such root.
{{ inner_generations_walked() }}

-- One row per node with children that some root feeds: steps to the nearest root, and the first such root.
{{ inner_generations_walked() }}

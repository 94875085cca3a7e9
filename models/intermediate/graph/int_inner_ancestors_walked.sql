-- One row per node with children x ancestor. A union keeps a set of pairs, so cycles end by themselves.
{{ inner_ancestors_walked() }}

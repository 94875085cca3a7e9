"""From the Hub's listing to a snapshot."""

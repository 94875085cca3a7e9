"""Both studies: specifications, estimates, claims."""

"""What only the page Phases uses."""

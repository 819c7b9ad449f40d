"""What only the page Network phases uses."""

"""What only the page Roll uses."""

"""What only the page Network landscape uses."""

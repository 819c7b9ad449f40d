"""What only the page Iron uses."""

"""What only the page Results uses."""

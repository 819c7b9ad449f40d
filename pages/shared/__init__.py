"""What the pages share: the shell, the controls, the cache, the downloads and the player."""

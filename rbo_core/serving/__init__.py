"""Several servers of the app behind one address: nginx's configuration, and children that are watched."""

"""Tools by which layouts take a page apart."""

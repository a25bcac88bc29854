"""What other archives say they have: their indexes as far as they were read, and the names they give our bytes."""

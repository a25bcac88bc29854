"""Read a capture: decode it, choose its layout, return its item."""

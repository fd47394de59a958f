"""What must hold for every desired and every live state."""

"""Orders: which garments in which sizes, and the copies they need."""

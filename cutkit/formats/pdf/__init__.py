"""Paper: markers at full size for the table or for taping together, and reports to hand round."""

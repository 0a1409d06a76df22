"""Place of supply, reverse charge and the legal text of each line, PURE rules over dated tables."""

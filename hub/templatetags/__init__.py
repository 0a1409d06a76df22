"""How templates of the portal and of the public pages write figures, and what they need of a page's address."""

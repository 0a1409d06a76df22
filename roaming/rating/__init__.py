"""What does this cost? PURE: prices periods with a tariff and explains every cent."""

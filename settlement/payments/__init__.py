"""From a position to the order to move money: the plan of a closed run as a file that the payer's bank reads."""

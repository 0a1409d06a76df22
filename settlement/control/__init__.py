"""CDR control: what is wrong with a CDR, said by rules with a code, before it becomes money."""

"""From a run to what each party receives: drafted, reviewed, approved by another person, numbered and frozen."""

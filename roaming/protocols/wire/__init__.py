"""The engine that both protocols read and write JSON with: strict intake, kinds of values, shapes of objects, the loss report."""

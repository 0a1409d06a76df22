"""May this token charge here? Find the provider, choose who answers, ask, write the answer down, and only then give it."""

"""May this token charge? Find who decides, ask within one deadline, record the answer before giving it."""

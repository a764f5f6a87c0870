"""Looking at customers: facts gathered, decisions carried out, verdicts kept."""

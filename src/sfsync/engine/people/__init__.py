"""What a person does: retry, give up, done by hand, run now, change a setting."""

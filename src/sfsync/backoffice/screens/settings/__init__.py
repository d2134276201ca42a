"""The settings of a store: the forms, the effect of a change, and who changed what."""

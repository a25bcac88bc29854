"""Commands of the group Prove and mend."""

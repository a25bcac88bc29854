"""Commands of the group Read: stories, their history, and the newspaper by days."""

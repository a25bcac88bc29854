"""Commands of the group Find: stories, sentences, words over time, photos and families."""

"""History of stories: wordings, their differences, and announcements on other pages."""

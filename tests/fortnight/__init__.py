"""Two weeks of the newspaper, scripted: its pages day by day, and a record made by hand of what happened."""

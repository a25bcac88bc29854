"""Types of the reading room's answers in JSON, of which the schemas of its API are made.

Moments are ISO 8601 in UTC (`2018-06-20T01:10:00Z`), days ISO dates on the newspaper's clock; `null` is what no page
and no source gives. In counts by name the name `null` stands for what has none.
"""

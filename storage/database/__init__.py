"""The SQLite database: schema, connection, bulk statements, lock, migrations."""

"""How archives of earlier versions are brought up to this one."""

"""A newspaper of our own on loopback, made by a real WordPress, with faults that can be switched on.

    apt-get install --no-install-recommends $(cat tests/wordpress/packages.txt)

Nothing runs as a service: `server` starts MariaDB and PHP in a temporary folder. micro-httpd is there only because
Debian's WordPress asks for some web server.
"""

"""Scrapy commands of this project; `scrapy` finds them through COMMANDS_MODULE."""

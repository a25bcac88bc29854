"""Views: from the parameters of a request to the data of a page, one module a subject."""

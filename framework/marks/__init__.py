"""Marks: declarations on handlers, each with an effect on a request and an entry in the document."""

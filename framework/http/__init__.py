"""HTTP as the standards define it: requests, responses, media types, conditions, ranges, problems."""

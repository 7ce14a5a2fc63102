"""What a service needs to be run: health, draining, deadlines, shedding, compression, cached answers, checks.

Not here: what tells how it runs (``observe``).
Floor 7.
"""

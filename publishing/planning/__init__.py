"""What a push will do, before it does it: which test sets, how much, and whether it may."""

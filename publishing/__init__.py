"""Test sets on the Hub: plan, push, resume, verify."""

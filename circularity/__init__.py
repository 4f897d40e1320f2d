"""What is true and what is lawful."""

"""What is secret stays secret, and what is not yet clean stays unseen."""

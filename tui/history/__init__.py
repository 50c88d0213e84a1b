"""What is kept on disk: runs of the lab, and how they are read back."""

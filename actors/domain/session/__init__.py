"""Sessions: who has proved what about whom, and when."""

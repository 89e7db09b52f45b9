"""Process managers: doors without people in front of them."""

"""The paper's Tables 3 to 6 beside ours, and the short runs behind Tables 3 and 5."""

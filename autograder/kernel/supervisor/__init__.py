"""The process that watches one kernel from outside its sandbox."""

"""The processes that run students' cells."""

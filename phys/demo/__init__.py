"""The demonstration that `crosspoint demo` plays, its records and its report."""

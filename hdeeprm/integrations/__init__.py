"""Working with other libraries' learners, a module per library; each imports its library, none is needed."""

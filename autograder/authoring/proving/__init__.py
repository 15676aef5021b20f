"""What hidden checks, self-checks and the bank say of each other: audit, mutants, single answers."""

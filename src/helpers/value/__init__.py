"""Score the value of customers: what they brought, what they may bring, what they mean to us."""

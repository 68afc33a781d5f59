"""What words mean, as data files: analytes, units, codes, agents, products, items, features, sites, classes."""

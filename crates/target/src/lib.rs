//! Cores and boards as data files: schema, loader, validation.

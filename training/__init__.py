"""The embedded model, from public data and a public base: see `training/README.md`."""

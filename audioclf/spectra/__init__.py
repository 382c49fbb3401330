"""A signal to frames, power spectra and bands."""
